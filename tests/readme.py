"""The code blocks of README.md, by the heading they stand under."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(heading, language="python"):
    """The code blocks of `language` in the section called `heading`, in order."""
    level, fence, code, found = 0, None, [], []
    for line in README.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("```"):
            if level and fence == language:
                found.append("".join(code))
            fence, code = (line[3:].strip() if fence is None else None), []
        elif fence is not None:
            code.append(line)  # a comment in it is no heading
        elif title := re.fullmatch(r"(#+) (.*)\n", line):
            if level and len(title[1]) <= level:
                break
            if title[2] == heading:
                level = len(title[1])
    assert level, f"README.md has no section {heading!r}"
    assert found, f"README.md has no {language} in {heading!r}"
    return found


def run(code, module, **names):
    """The namespace that `code` leaves, run as the module of that name with `names` given."""
    namespace = {**names, "__name__": module}
    exec(compile(code, str(README), "exec"), namespace)
    return namespace

"""The code blocks of README.md, by the heading they stand under."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

README = Path(__file__).parents[2] / "README.md"


def blocks(heading: str, language: str = "python") -> list[str]:
    """The code blocks of `language` in the section called `heading`, in order."""
    level, fence = 0, None
    code: list[str] = []
    found: list[str] = []
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


def run(code: str, module: str, **names: Any) -> dict[str, Any]:
    """The namespace that `code` leaves, run as the module of that name with `names` given."""
    namespace = {**names, "__name__": module}
    exec(compile(code, str(README), "exec", dont_inherit=True), namespace)
    return namespace

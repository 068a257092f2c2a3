"""The code blocks of README.md, by the heading they stand under."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(heading, language="python"):
    """The code blocks of `language` in the section called `heading`, in order."""
    text = README.read_text(encoding="utf-8")
    begun = re.search(rf"^(#+) {re.escape(heading)}\n", text, re.MULTILINE)
    assert begun, f"README.md has no section {heading!r}"
    section = re.split(rf"^#{{1,{len(begun[1])}}} ", text[begun.end() :], flags=re.MULTILINE)[0]
    found = re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert found, f"README.md has no {language} in {heading!r}"
    return found


def run(code, module, **names):
    """The namespace that `code` leaves, run as the module of that name with `names` given."""
    namespace = {**names, "__name__": module}
    exec(compile(code, str(README), "exec"), namespace)
    return namespace

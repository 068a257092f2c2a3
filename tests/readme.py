"""The code blocks of README.md, by the heading they stand under."""

import re
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def blocks(heading, language="python"):
    """The code blocks of `language` in the section called `heading`, in order."""
    _, found, rest = README.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    assert found, f"README.md has no section {heading!r}"
    section = rest.partition("\n## ")[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def run(code, module):
    """The namespace that `code` leaves, run as the module of that name."""
    namespace = {"__name__": module}
    exec(compile(code, str(README), "exec"), namespace)
    return namespace

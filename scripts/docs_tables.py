"""Tables in Markdown, for the parts of the documentation that are written by the code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each row of a table, by the word of code that the row begins with."""
    cells = (
        [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| `")
    )
    return {row[0].strip("` "): row for row in cells}


def table(head: Sequence[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])

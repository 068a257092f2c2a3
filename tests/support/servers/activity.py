"""How the report of a timed-out test shows what the servers were doing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LONGEST = 500
"""Characters of one field that are shown: a statement may be very long."""


def table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """One line a row, each field with its column's name; "(none)" where there are no rows."""
    lines = [
        "  ".join(
            f"{name}={' '.join(str(value).split())[:LONGEST]}"
            for name, value in zip(names, row, strict=True)
        )
        for row in rows
    ]
    return "\n".join(lines) or "(none)"


def part(status: str, title: str) -> str:
    """One part of InnoDB's status: the lines below `title` and its rule, up to the next rule."""
    lines = status.splitlines()
    start = lines.index(title) + 2
    end = next(
        (n for n in range(start, len(lines) - 2) if set(lines[n]) == set(lines[n + 2]) == {"-"}),
        len(lines),
    )
    return "\n".join(lines[start:end])

"""A line of what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MOST = 5
"""How many lines of one kind are shown."""


class Line(NamedTuple):
    """Something that needs attention."""

    kind: str
    """The heading of its part in docs/how-to/attention.md, as an anchor."""
    text: str
    """What is so, in one sentence."""
    meaning: str
    """What is meant by that."""
    advice: str
    """What to do."""
    to: str | None
    """The address of the page concerned."""


def cut(lines: Sequence[Line], to: str | None) -> list[Line]:
    """`lines` of one kind, the most important ones first, and in the place of the others one that
    counts them and leads to the page `to`."""
    if len(lines) <= MOST:
        return list(lines)
    rest = len(lines) - MOST
    more = lines[MOST]._replace(text=f"{rest} more like this.", to=to)
    return [*lines[:MOST], more]

"""What the lines of the log say besides, in the context in which they are written: the ids of a
trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping

source: Callable[[], Mapping[str, str]] | None = None
"""Returns what belongs to the current context variables. None, for nearly all programs: nothing is
added, and a line pays for one look here."""


def here() -> Mapping[str, str]:
    """What is added to a line that is written in the current context."""
    return {} if source is None else source()

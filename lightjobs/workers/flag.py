"""A flag that a signal handler sets and loops look at."""

from __future__ import annotations


class Flag:
    """`raised` counts how often it was raised; 0 is false."""

    __slots__ = ("raised",)

    def __init__(self) -> None:
        self.raised = 0

    def raise_(self, *_signal: object) -> None:
        """Raise the flag; usable as a signal handler."""
        self.raised += 1

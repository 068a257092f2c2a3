"""A flag that a signal handler sets and loops look at."""

from __future__ import annotations


class Flag:
    """False until raised; counts how often that was."""

    __slots__ = ("raised",)

    def __init__(self) -> None:
        self.raised = 0

    def raise_(self, *_signal: object) -> None:
        """Raise the flag; usable as a signal handler."""
        self.raised += 1

    def is_raised(self) -> bool:
        """Whether it has been raised."""
        return self.raised > 0

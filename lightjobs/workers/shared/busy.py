"""The busy flags: which children of one `job:work` may hold jobs. Without them, `--stop-when-empty`
would end a child too early.

A queue looks empty while another child holds its last jobs, but that child may still hand them
back.
"""

from __future__ import annotations

import mmap

from .shared_file import shared_file

SIZE = 4096


class BusyFlags:
    """One byte for each child, in memory that all of them share."""

    def __init__(self, descriptor: int, place: int = 0) -> None:
        """Open the flags behind `descriptor`. `place` is the index of this child's own flag."""
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, SIZE)
        self._place = place

    @classmethod
    def make(cls) -> BusyFlags:
        """New flags, none of them set."""
        return cls(shared_file(SIZE))

    def set_busy(self, busy: bool) -> None:
        """Set or clear this child's flag. It must be set before each claim, and may be cleared only
        after a claim that brought nothing. Then the last job is gone when all flags are clear."""
        self._memory[self._place] = busy

    def clear(self, place: int) -> None:
        """Clear the flag of a dead child whose jobs have been reclaimed."""
        self._memory[place] = 0

    def any_busy(self) -> bool:
        """Whether any child may hold jobs."""
        return any(self._memory[:])

"""Which children of one `job:work` are busy, so that `--stop-when-empty` ends none too early.

A queue looks empty while another child holds its jobs, and that child may yet put them back.
"""

from __future__ import annotations

import mmap

from .shared_file import shared_file

SIZE = 4096


class BusyFlags:
    """A byte for each child, in memory they share; this object speaks for the child `own`."""

    def __init__(self, descriptor: int, own: int = 0) -> None:
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, SIZE)
        self._own = own

    @classmethod
    def make(cls) -> BusyFlags:
        """New memory, with nobody busy."""
        return cls(shared_file(SIZE))

    def set_busy(self, busy: bool) -> None:
        """Say that this child may hold jobs. To be said before a claim, and taken back only after
        one that brought nothing: whoever then finds all idle has seen the last job go."""
        self._memory[self._own] = busy

    def clear(self, child: int) -> None:
        """The supervisor has put back what the dead `child` held."""
        self._memory[child] = 0

    def any_busy(self) -> bool:
        """Whether any child may hold jobs."""
        return any(self._memory[:])

"""The stop flags: which children of one `job:work` the supervisor has told to stop.

A signal would not do for that. A handler or a library may have set a signal handler of its own,
such as one that calls sys.exit(): then TERM would fail the job that is running, and the child would
start the next one.
"""

from __future__ import annotations

import mmap

from .shared_file import shared_file

SIZE = 4096


class StopFlags:
    """One byte for each child, in memory that all of them share."""

    def __init__(self, descriptor: int) -> None:
        """Open the flags behind `descriptor`."""
        self.descriptor = descriptor
        self.memory = mmap.mmap(descriptor, SIZE)
        """The flags, by the children's places."""

    @classmethod
    def make(cls) -> StopFlags:
        """New flags, none of them set."""
        return cls(shared_file(SIZE))

    def tell(self, place: int) -> None:
        """Tell a child to stop."""
        self.memory[place] = 1

    def clear(self, place: int) -> None:
        """Clear the flag of a dead child: the next child in its place is not told anything yet."""
        self.memory[place] = 0

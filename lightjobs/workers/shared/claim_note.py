"""A note about the claim that a child has sent and whose answer it has not read, in the memory of
its journal.

While such a claim is under way, the store may count jobs as held by the child of which the journal
says nothing yet. None of them has started. So when the child dies, they go back at no cost. And
when a handler holds the interpreter's lock, the supervisor takes them away and hands them back, as
it does with those that wait in the journal.
"""

from __future__ import annotations

import mmap
import struct
import time

TAKE_SECONDS = 0.005
"""How long a supervisor waits until each processor has seen what it has written."""

_NUMBER = struct.Struct("@Q")
SIZE = 3 * _NUMBER.size


class ClaimNote:
    """The note at place `at`, a multiple of 8, of a shared `memory`."""

    def __init__(self, memory: mmap.mmap, at: int) -> None:
        self._memory = memory
        self._number_at = at
        self._granted_at = at + _NUMBER.size
        self._taken_at = at + 2 * _NUMBER.size

    def begin(self, granted: int) -> None:
        """Note that a claim is about to be sent that may bring up to `granted` jobs."""
        self._write(self._granted_at, granted)
        self._write(self._number_at, self._read(self._number_at) + 1)

    def forget_granted(self) -> None:
        """Note that the run budget has got back what the claim has not brought."""
        self._write(self._granted_at, 0)

    def end(self) -> bool:
        """Note that the journal has all that the claim has brought. Returns whether the supervisor
        has taken these jobs away, so that they must not start. Does nothing when no claim is
        noted."""
        number = self.under_way
        if not number:
            return False
        # Written, then read; `take` does it the other way round. So one of the two sees the other.
        self._write(self._number_at, number + 1)
        return self._read(self._taken_at) == number

    @property
    def under_way(self) -> int:
        """The number of the claim that is under way, which is odd; 0: there is none."""
        number = self._read(self._number_at)
        return number if number % 2 else 0

    @property
    def granted(self) -> int:
        """How many runs of the run budget the claim that is under way has taken."""
        return self._read(self._granted_at)

    def take(self, number: int) -> bool:
        """For the supervisor: take away what the claim of this number brings. Returns False if its
        answer has been read in the meantime."""
        self._write(self._taken_at, number)
        time.sleep(TAKE_SECONDS)
        return self.under_way == number

    def _read(self, at: int) -> int:
        number: int = _NUMBER.unpack_from(self._memory, at)[0]
        return number

    def _write(self, at: int, number: int) -> None:
        _NUMBER.pack_into(self._memory, at, number)

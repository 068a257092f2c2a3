"""The run budget: how many runs `--max-jobs` leaves to all children of one `job:work`."""

from __future__ import annotations

import fcntl
import os
import struct
import threading

from .shared_file import shared_file

_NUMBER = struct.Struct("=q")


class RunBudget:
    """The number of runs that are left, in a file without a name. Each access locks the file."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._thread_lock = threading.Lock()

    @classmethod
    def of(cls, runs: int) -> RunBudget:
        """A new budget of `runs`."""
        descriptor = shared_file(_NUMBER.size)
        os.pwrite(descriptor, _NUMBER.pack(runs), 0)
        return cls(descriptor)

    def take(self, wanted: int) -> int:
        """Take up to `wanted` runs. Returns how many were left to take."""
        return -self._change(-wanted)

    def give_back(self, runs: int) -> None:
        """Give back runs that did not take place."""
        self._change(runs)

    def _change(self, by: int) -> int:
        with self._thread_lock:  # a file's lock belongs to the process, not to a thread
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX)
            try:
                (left,) = _NUMBER.unpack(os.pread(self.descriptor, _NUMBER.size, 0))
                by = max(by, -left)
                os.pwrite(self.descriptor, _NUMBER.pack(left + by), 0)
                return by
            finally:
                fcntl.lockf(self.descriptor, fcntl.LOCK_UN)

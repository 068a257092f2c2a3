"""`--max-jobs`: how many runs are left, shared by all children of one `job:work`."""

from __future__ import annotations

import fcntl
import os
import struct
import threading

from .shared_file import shared_file

_NUMBER = struct.Struct("=q")


class RunBudget:
    """Runs left, in an unlinked file behind a descriptor; every access under its lock."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._threads = threading.Lock()

    @classmethod
    def of(cls, runs: int) -> RunBudget:
        """A new budget."""
        descriptor = shared_file(_NUMBER.size)
        os.pwrite(descriptor, _NUMBER.pack(runs), 0)
        return cls(descriptor)

    def take(self, wanted: int) -> int:
        """Take up to `wanted` runs; returns how many it was."""
        return -self._change(-wanted)

    def give_back(self, runs: int) -> None:
        """Give back runs that did not take place."""
        self._change(runs)

    def _change(self, by: int) -> int:
        with self._threads:  # the file's lock is the process's, not the thread's
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX)
            try:
                (left,) = _NUMBER.unpack(os.pread(self.descriptor, _NUMBER.size, 0))
                by = max(by, -left)
                os.pwrite(self.descriptor, _NUMBER.pack(left + by), 0)
                return by
            finally:
                fcntl.lockf(self.descriptor, fcntl.LOCK_UN)

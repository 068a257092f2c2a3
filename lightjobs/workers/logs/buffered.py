"""Lines that are written many at a time."""

from __future__ import annotations

import os
import threading
from collections import deque
from weakref import WeakSet

from . import streams
from .job_log import JobLog

WRITE_BYTES = 4096
"""The longest write, unless one line is longer. POSIX keeps writes of this size to a pipe whole, so
the lines of several children do not mix."""

MOST_UNWRITTEN = 1000
"""How many lines may wait for a reader that is slow until `write_soon` waits for it, too."""


class BufferedJobLog(JobLog):
    """A job log that writes its lines to a descriptor."""

    def __init__(self, descriptor: int, has_long_lines: bool = False) -> None:
        """With `has_long_lines`, lines longer than WRITE_BYTES stay whole, too, next to those of
        other processes that say the same."""
        self._descriptor = descriptor
        # In files, the kernel keeps lines of any length whole. In a pipe that is full it does not.
        self._locks = has_long_lines and streams.is_pipe(descriptor)
        self._lines: deque[str] = deque()
        self._writing = threading.Lock()
        self._writer: int | None = None
        """The thread that has the lock."""
        _job_logs.add(self)

    def flush(self) -> None:
        if self._lines:
            self._write(wait=True)

    def write_soon(self, line: str) -> None:
        """Write `line` at once if the descriptor takes it. Otherwise it waits, and the caller does
        not: a supervisor, above all, must go on although nobody reads what it says."""
        self._lines.append(line)
        self._write(wait=len(self._lines) > MOST_UNWRITTEN)

    def _write(self, wait: bool) -> None:
        """Write all lines. Without `wait`, leave those that the descriptor does not take."""
        if self._writer == threading.get_ident():
            return  # a signal handler has interrupted this thread's write, which goes on with them
        everything = True
        while self._lines and everything:
            if not self._writing.acquire(blocking=wait):
                return  # who has the lock looks again, after it
            try:
                self._writer = threading.get_ident()
                everything = self._write_alone(wait)
            finally:
                self._writer = None
                self._writing.release()

    def _write_alone(self, wait: bool) -> bool:
        if self._locks and not streams.lock(self._descriptor, wait):
            return False
        try:
            unfinished, self.unfinished = self.unfinished, None
            if unfinished is not None:
                unfinished.end_line()
            return self._write_all() if wait else self._write_taken()
        finally:
            if self._locks:
                streams.unlock(self._descriptor)

    def _time(self) -> str:
        """What is put before each line when it is written."""
        return ""

    def _write_all(self) -> bool:
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        if not lines:  # another thread has written them while this one waited for the lock
            return True
        time = self._time()
        data = _encoded(time + time.join(lines))
        begin = 0
        while len(data) - begin > WRITE_BYTES:
            end = data.rfind(b"\n", begin, begin + WRITE_BYTES) + 1
            if not end:  # a single line is longer
                end = data.index(b"\n", begin) + 1
            streams.write(self._descriptor, data[begin:end])
            begin = end
        streams.write(self._descriptor, data[begin:])
        return True

    def _write_taken(self) -> bool:
        while self._lines and streams.takes(self._descriptor):
            streams.write(self._descriptor, _encoded(self._time() + self._lines.popleft()))
        return not self._lines

    def forget(self) -> None:
        """Drop the lines in a process that a handler has forked. They are its parent's; and a
        thread of the parent may have held the lock."""
        self._lines.clear()
        self._writing = threading.Lock()
        self._writer = None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


_job_logs: WeakSet[BufferedJobLog] = WeakSet()


def _forget_lines() -> None:
    for job_log in _job_logs:
        job_log.forget()


os.register_at_fork(after_in_child=_forget_lines)

"""Standard output and error in a process of `job:work`.

The job log goes to the descriptor of standard output, past `sys.stdout` and its buffer. So what
handlers print passes through here: it must come after the line that says that the job has started.
A reader that has gone (`job:work | head`) must not fail a job.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import select
import stat
import sys
from typing import Protocol

BLOCKED_SECONDS = 1.0
"""How long to wait for a non-blocking descriptor that takes no more, until the text is dropped."""

discarded: set[int] = set()
"""The descriptors whose reader has gone."""


class Lines(Protocol):
    """Lines that are waiting to be written to standard output."""

    unfinished: Stream | None
    """Standard output, when its last line has not been ended yet."""

    def flush(self) -> None:
        """Write them."""


def is_pipe(descriptor: int) -> bool:
    """Whether a reader in another process takes what is written to `descriptor`."""
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:  # it is closed
        return False


def lock(descriptor: int, wait: bool) -> bool:
    """Keep the locks that other processes ask for on the same pipe from being given, until
    `unlock`. Returns whether that succeeded; with `wait`, it is waited for."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # not every system locks pipes
        pass
    return True


def unlock(descriptor: int) -> None:
    """End a `lock`."""
    with contextlib.suppress(OSError):
        fcntl.lockf(descriptor, fcntl.LOCK_UN)


def takes(descriptor: int) -> bool:
    """Whether a write of a few lines to `descriptor` would not have to wait for its reader."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


def write(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`. Never raises: jobs matter, lines do not."""
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            if not poll.poll(BLOCKED_SECONDS * 1000):
                return
        except BrokenPipeError:
            _discard(descriptor)
            return
        except OSError:  # for example, the disk is full
            return


def _discard(descriptor: int) -> None:
    """Drop what is written to `descriptor` from now on, by programs that a handler runs, too."""
    discarded.add(descriptor)
    with contextlib.suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, descriptor)
        os.close(null)


class _Raw(io.RawIOBase):
    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self.name = name

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: object) -> int:
        with memoryview(data) as view:  # type: ignore[arg-type]
            write(self._descriptor, view)
            return view.nbytes


class Stream(io.TextIOWrapper):
    """Text for standard output or error, written line by line and after `lines`."""

    def __init__(self, descriptor: int, name: str, like: object, lines: Lines | None) -> None:
        super().__init__(
            io.BufferedWriter(_Raw(descriptor, name)),
            encoding=getattr(like, "encoding", None) or "utf-8",
            errors=getattr(like, "errors", None) or "backslashreplace",
            line_buffering=True,
        )
        self._lines = lines
        self._descriptor = descriptor

    def write(self, text: str) -> int:
        if self._lines is None or not text:
            return super().write(text)
        self._lines.flush()
        count = super().write(text)
        if self._descriptor == 1:
            self._lines.unfinished = None if text.endswith("\n") else self
        return count

    def close(self) -> None:
        """Only flush. A handler may close the stream, but what runs after it needs it."""
        if not self.closed:
            self.flush()

    def end_line(self) -> None:
        """End a line that a handler has begun: the lines of the job log stand alone."""
        super().write("\n")


def install(lines: Lines | None = None) -> None:
    """Replace sys.stdout and sys.stderr by streams that never raise an OSError and write `lines`
    first. A stream that is not Python's own any more is left alone."""
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        before = getattr(sys, name)
        if before is getattr(sys, f"__{name}__"):
            before.flush()
            stream = Stream(descriptor, f"<{name}>", before, lines)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)

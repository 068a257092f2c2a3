"""Sleeping until a file is written to: with Linux's inotify, elsewhere by waking up often."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path

POLL_SECONDS = 0.007
"""How long a sleep lasts without inotify. Waking up takes 100 microseconds: at 5 ms that would be
2 % of a core."""

TRUST_SECONDS = 0.1
"""The longest sleep with inotify, which does not report what other machines write."""

GAP_SECONDS = 0.005
"""The least time between two wake-ups by a file that is written to all the time."""

SOON_SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008)
"""The sleeps that follow one that a write has ended. The change may become visible only later, when
the writer has waited for the disk."""

_MODIFIED = 0x2  # IN_MODIFY
_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class Watch:
    """Watches one file, for one thread."""

    def __init__(self, path: Path) -> None:
        self._descriptor = _watching(path)
        self._poll = select.poll()
        if self._descriptor is not None:
            self._poll.register(self._descriptor, select.POLLIN)
        self._soon: Iterator[float] = iter(())
        self._woken_at = 0.0

    def sleep(self, seconds: float) -> None:
        """Return when it is time to look for changes, at the latest after `seconds`."""
        if self._descriptor is None:
            time.sleep(min(POLL_SECONDS, seconds))
            return
        soon = next(self._soon, None)
        if soon is not None:
            time.sleep(min(soon, seconds))
        elif self._poll.poll(min(TRUST_SECONDS, seconds) * 1000):
            early = self._woken_at + GAP_SECONDS - time.monotonic()
            if early > 0:
                time.sleep(min(early, seconds))
            os.read(self._descriptor, 65536)  # all events so far
            self._soon = iter(SOON_SECONDS)
            self._woken_at = time.monotonic()

    def rest(self) -> None:
        """Note that the change has been seen: no more short sleeps."""
        self._soon = iter(())

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        # At the end of the interpreter, `os` may be gone before the watch of a thread that lives.
        if self._descriptor is not None:
            close(self._descriptor)


def _watching(path: Path) -> int | None:
    """A descriptor that becomes readable when `path` is written to; None without inotify."""
    try:
        import ctypes  # takes 5 ms, and is needed only to wait

        libc = ctypes.CDLL(None)
        descriptor: int = libc.inotify_init1(_FLAGS)
    except (ImportError, AttributeError):  # not Linux
        return None
    if descriptor < 0:
        return None
    if libc.inotify_add_watch(descriptor, os.fsencode(path), _MODIFIED) < 0:
        os.close(descriptor)
        return None
    return descriptor

"""Sleeping until somebody writes to a file: by Linux's inotify, elsewhere by waking up often."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from pathlib import Path

POLL_SECONDS = 0.007
"""How long a sleep lasts where nobody tells of writes. Waking up costs 100 microseconds: at 5 ms it
would be 2 % of a core."""

TRUST_SECONDS = 0.1
"""The longest sleep where the kernel tells: it does not of what other machines write."""

GAP_SECONDS = 0.005
"""A file that is written to all the time wakes nobody more often than that."""

SOON_SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008)
"""The sleeps after one that a write has ended. What was written may be seen only later, when the
writer has waited for the disk."""

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
        """Return when it is time to look for what was written, at the latest after `seconds`."""
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
            os.read(self._descriptor, 65536)  # all that has gathered
            self._soon = iter(SOON_SECONDS)
            self._woken_at = time.monotonic()

    def rest(self) -> None:
        """What was written has been seen."""
        self._soon = iter(())

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)


def _watching(path: Path) -> int | None:
    """A descriptor that becomes readable when `path` is written to; None where there is none."""
    try:
        import ctypes  # 5 ms, and only who waits needs it

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

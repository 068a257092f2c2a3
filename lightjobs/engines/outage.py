"""What is logged about a store that is away: a line when it goes, one a minute while it stays away,
and one when it is back, however many threads and processes of a worker notice."""

from __future__ import annotations

import fcntl
import mmap
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from logging import Logger

from ..errors import LightjobsError, LoginRefused, store_trouble

SIZE = 4096
"""How much memory processes share for this."""

AGAIN_SECONDS = 60.0
"""How often a store that stays away is mentioned."""

QUIET_SECONDS = 2.0
"""The store counts as back when something has succeeded and nothing has failed for so long: one
connection may work while another does not."""

# When it went, when it was last mentioned as away and as refusing the login, and when it last
# failed; all 0: it is there.
_TIMES = struct.Struct("dddd")


class Outage:
    """The state of the store as a worker knows it, in the memory behind `descriptor`, which its
    processes share, or in this process's own."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = descriptor
        self._memory = mmap.mmap(-1 if descriptor is None else descriptor, SIZE)
        self._lock = threading.Lock()

    def away(self, log: Logger, error: LightjobsError) -> None:
        """Note that the store has failed, and log that if it is time to."""
        now = time.monotonic()
        # A refused login is another matter: it is mentioned at once although the store was away,
        # which it is while it takes over its new passwords.
        kind = isinstance(error, LoginRefused)
        with self._alone():
            went, *mentioned, _failed = self._times()
            is_new, is_time = not mentioned[kind], now >= mentioned[kind] + AGAIN_SECONDS
            if is_new or is_time:
                mentioned[kind] = now
            self._set(went or now, *mentioned, now)
        if is_new:
            log.warning("%s, trying again until it is back: %s", store_trouble(error), error)
        elif is_time:
            log.warning("the store has been away for %.0f s: %s", now - went, error)

    def back(self, log: Logger) -> None:
        """Note that the store has answered, and log that if it was away."""
        if not self._times()[0]:
            return
        now = time.monotonic()
        with self._alone():
            went, *_mentioned, failed = self._times()
            is_back = went and now >= failed + QUIET_SECONDS
            if is_back:
                self._set(0.0, 0.0, 0.0, 0.0)
        if is_back:
            log.warning("the store is back after %.0f s", now - went)

    def _times(self) -> tuple[float, ...]:
        return _TIMES.unpack_from(self._memory)

    def _set(self, *times: float) -> None:
        _TIMES.pack_into(self._memory, 0, *times)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and processes out: all of them notice at the same moment."""
        with self._lock:
            self._let_others(wait=True)
            try:
                yield
            finally:
                self._let_others(wait=False)

    def _let_others(self, wait: bool) -> None:
        if self._descriptor is not None:
            with suppress(OSError):  # a job may have closed it: then a line may come twice
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_UN)


_outage = Outage()


def share(descriptor: int) -> int:
    """Use the memory behind `descriptor`, as the other processes of this worker do; return it."""
    global _outage
    _outage = Outage(descriptor)
    return descriptor


def away(log: Logger, error: LightjobsError) -> None:
    """Note in `log`, unless that was done lately, that the store does not answer."""
    _outage.away(log, error)


def back(log: Logger) -> None:
    """Note in `log` that the store answers again, if it was away."""
    _outage.back(log)

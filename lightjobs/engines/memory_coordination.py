"""The specification of locks and counted hits, in plain Python."""

from __future__ import annotations

import threading

from ..process import clock
from .coordination import CoordinationStore


class MemoryCoordination(CoordinationStore):
    """Locks and windows of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, tuple[str, float]] = {}
        self._windows: dict[str, tuple[int, float]] = {}

    def acquire(self, name: str, owner: str, seconds: float) -> bool:
        with self._lock:
            now = clock.now()
            holder, ends_at = self._locks.get(name, (owner, 0.0))
            if holder != owner and ends_at > now:
                return False
            self._locks[name] = (owner, now + seconds)
            return True

    def extend(self, name: str, owner: str, seconds: float) -> bool:
        with self._lock:
            now = clock.now()
            holder, ends_at = self._locks.get(name, ("", 0.0))
            if holder != owner or ends_at <= now:
                return False
            self._locks[name] = (owner, now + seconds)
            return True

    def release(self, name: str, owner: str) -> bool:
        with self._lock:
            holder, ends_at = self._locks.get(name, ("", 0.0))
            if holder != owner:
                return False
            del self._locks[name]
            return ends_at > clock.now()

    def is_locked(self, name: str) -> bool:
        with self._lock:
            return self._locks.get(name, ("", 0.0))[1] > clock.now()

    def hit(self, key: str, most: int, seconds: float) -> float:
        """The verb `hit` of a JobStore."""
        with self._lock:
            now = clock.now()
            hits, ends_at = self._windows.get(key, (0, 0.0))
            if ends_at <= now:
                hits, ends_at = 0, now + seconds
            self._windows[key] = (min(hits + 1, most + 1), ends_at)
            return 0.0 if hits < most else ends_at - now

    def hits(self, key: str) -> tuple[int, float]:
        with self._lock:
            hits, ends_at = self._windows.get(key, (0, 0.0))
            left = ends_at - clock.now()
            return (hits, left) if left > 0 else (0, 0.0)

    def forget(self) -> None:
        """Drop what is over."""
        with self._lock:
            now = clock.now()
            self._windows = {key: hit for key, hit in self._windows.items() if hit[1] > now}
            self._locks = {name: held for name, held in self._locks.items() if held[1] > now}

"""Locks and counted hits in Redis: every verb is one script."""

from __future__ import annotations

from ..coordination import CoordinationStore
from .bulk import Call


class RedisCoordination(CoordinationStore):
    """The locks and counted hits of a RedisEngine."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def acquire(self, name: str, owner: str, seconds: float) -> bool:
        return bool(self._call("acquire_lock", name, owner, seconds))

    def extend(self, name: str, owner: str, seconds: float) -> bool:
        return bool(self._call("extend_lock", name, owner, seconds))

    def release(self, name: str, owner: str) -> bool:
        return bool(self._call("release_lock", name, owner))

    def is_locked(self, name: str) -> bool:
        return bool(self._call("find_lock", name))

    def hits(self, key: str) -> tuple[int, float]:
        hits, milliseconds = self._call("hits", key)
        return (int(hits), milliseconds / 1000) if milliseconds > 0 else (0, 0.0)

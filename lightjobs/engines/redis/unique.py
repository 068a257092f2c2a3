"""The keys of unique jobs in Redis, see unique.lua."""

from __future__ import annotations

from ...model import KeyHolder
from ..unique_store import UniqueStore
from .bulk import Call, argument
from .rows import text


class RedisUnique(UniqueStore):
    """The keys of a RedisEngine."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def holder(self, key: str) -> KeyHolder | None:
        return self._holder("key_holder", key)

    def unlock(self, key: str) -> KeyHolder | None:
        return self._holder("unlock_key", key)

    def _holder(self, script: str, key: str) -> KeyHolder | None:
        found = self._call(script, argument(key))
        if not found:
            return None
        job_id, scope, until = map(text, found)
        return KeyHolder(key, job_id, scope, float(until))

    def forget(self) -> int:
        """Keys expire by themselves, at the latest when their time is over. Until then what is
        kept of a free one is a hundred bytes, and to search for them would cost more."""
        return 0

"""Batches in Redis, see batches.lua and steps.lua."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ...model import NewBatch, NewJob, StoredBatch
from ..batch_store import BATCHES_KEPT_SECONDS, BatchStore
from .bulk import PART, Call, argument
from .pushes import Pushes
from .rows import text


class RedisBatches(BatchStore):
    """The batches of a RedisEngine."""

    def __init__(self, call: Call, pushes: Pushes) -> None:
        self._call = call
        self._pushes = pushes

    def push(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        return self._pushes.push_tied(jobs, batch)

    def add(self, batch_id: str, jobs: Sequence[NewJob]) -> list[str]:
        return self._pushes.push_tied(jobs, batch_id)

    def find(self, batch_id: str) -> StoredBatch | None:
        found = _batches(self._call("find_batch", argument(batch_id)))
        return found[0] if found else None

    def browse(self, limit: int = 50, after: StoredBatch | None = None) -> list[StoredBatch]:
        behind = () if after is None else (argument(after.id), f"{after.created_at:.6f}")
        return _batches(self._call("browse_batches", limit, *behind))

    def inner(self, batch_id: str) -> list[str]:
        return sorted(map(text, self._call("inner_batches", argument(batch_id))))

    def note_cancelled(self, batch_id: str) -> bool:
        return bool(self._call("note_batch_cancelled", argument(batch_id)))

    def advance(self) -> int:
        """Nothing is left over: the script that changes a count pushes what is due."""
        return 0

    def forget(self, seconds: float = BATCHES_KEPT_SECONDS) -> int:
        total = 0
        while True:
            count: int = self._call("forget_batches", seconds, PART)
            total += count
            if count < PART:
                return total


def _batches(reply: bytes | str) -> list[StoredBatch]:
    return [_batch(*row) for row in json.loads(text(reply))] if reply else []


def _batch(id: str, name: str, parent: str, allows: str, total: str, *rest: str) -> StoredBatch:
    """A row of listed_batches.lua."""
    waiting, running, failed, cancelled = map(int, rest[:4])
    called, created_at, ended_at, cancelled_at = rest[4:]
    return StoredBatch(
        id,
        name,
        parent or None,
        bool(allows),
        total=int(total),
        waiting=waiting,
        running=running,
        done=int(total) - waiting - running - failed - cancelled,
        failed=failed,
        cancelled=cancelled,
        called=tuple(called.split(",")) if called else (),
        created_at=float(created_at),
        ended_at=float(ended_at) if ended_at else None,
        cancelled_at=float(cancelled_at) if cancelled_at else None,
    )

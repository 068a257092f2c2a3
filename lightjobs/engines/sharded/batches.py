"""Batches across shards: each is whole in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import merge
from itertools import islice
from typing import TypeVar

from ...errors import BatchEnded, LightjobsError, StoreUnavailable
from ...model import NewBatch, NewJob, StoredBatch
from ..batch_store import BATCHES_KEPT_SECONDS, BatchStore
from ..redis.engine import RedisEngine
from .shards import Shard, Shards
from .ties import only, ties_of, ties_of_batch

KNOWN = 1000
"""Of how many batches it is remembered where they are."""

_T = TypeVar("_T")


class ShardedBatches(BatchStore):
    """A batch is in the shard of the key or group of its jobs or, if they have none, in one that
    follows from its id. A batch that begins as a link of a chain is where that chain is."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._known: dict[str, Shard] = {}

    def push(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        tie = only(ties_of_batch(batch, jobs), "a batch, with what follows its jobs and itself,")
        shard = self._shards.of_text(tie.text if tie else batch.id)
        outer = None if batch.parent is None else self._shard(batch.parent)
        if outer is not None and outer is not shard:
            if tie is not None:
                raise LightjobsError(
                    f"a batch with {tie.name} cannot be part of the batch {batch.parent}, which is "
                    "in another shard; allowed with several shards (REDIS_JOB_SHARDS, REDIS_URLS): "
                    "jobs without a key or group"
                )
            shard = outer
        ids = shard.engine.batches.push(batch, jobs)
        shard.note_pushed()
        self._remember(batch.id, shard)
        return ids

    def add(self, batch_id: str, jobs: Sequence[NewJob]) -> list[str]:
        shard = self._shard(batch_id)
        if shard is None:
            raise BatchEnded(f"there is no batch {batch_id}")
        for job in jobs:
            for tie in ties_of(job):
                if self._shards.of_text(tie.text) is not shard:
                    raise LightjobsError(
                        f"a job of {job.handler} with {tie.name} cannot be added to the batch "
                        f"{batch_id}, which is in another shard; allowed with several shards "
                        "(REDIS_JOB_SHARDS, REDIS_URLS): jobs without a key or group"
                    )
        ids = shard.engine.batches.add(batch_id, jobs)
        shard.note_pushed()
        return ids

    def find(self, batch_id: str) -> StoredBatch | None:
        return self._at(batch_id, lambda engine: engine.batches.find(batch_id), None)

    def browse(self, limit: int = 50, after: StoredBatch | None = None) -> list[StoredBatch]:
        pages = self._shards.from_all(lambda engine: engine.batches.browse(limit, after))
        merged = merge(*pages, key=lambda each: (each.created_at, each.id), reverse=True)
        return list(islice(merged, limit))

    def inner(self, batch_id: str) -> list[str]:
        return self._at(batch_id, lambda engine: engine.batches.inner(batch_id), [])

    def note_cancelled(self, batch_id: str) -> bool:
        return self._at(batch_id, lambda engine: engine.batches.note_cancelled(batch_id), False)

    def advance(self) -> int:
        return 0

    def forget(self, seconds: float = BATCHES_KEPT_SECONDS) -> int:
        return sum(self._shards.from_living(lambda engine: engine.batches.forget(seconds)))

    def _at(self, batch_id: str, act: Callable[[RedisEngine], _T], nothing: _T) -> _T:
        shard = self._shard(batch_id)
        return nothing if shard is None else self._shards.ask(shard, act)

    def _shard(self, batch_id: str) -> Shard | None:
        """Where the batch is; None if it is not known. Raises StoreUnavailable if it may be in a
        shard that is away."""
        if (known := self._known.get(batch_id)) is not None:
            return known
        guess = self._shards.of_text(batch_id)
        away: StoreUnavailable | None = None
        for shard in sorted(self._shards, key=lambda each: each is not guess):
            try:
                found = self._shards.ask(shard, lambda engine: engine.batches.find(batch_id))
            except StoreUnavailable as error:
                away = error
                continue
            if found is not None:
                self._remember(batch_id, shard)
                return shard
        if away is not None:
            raise away
        return None

    def _remember(self, batch_id: str, shard: Shard) -> None:
        if len(self._known) >= KNOWN:
            self._known.pop(next(iter(self._known)), None)
        self._known[batch_id] = shard

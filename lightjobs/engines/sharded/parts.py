"""The smaller parts of the store across shards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from ...model import KeyHolder
from ...notes.observed import Rate, Worker, merged
from ..consistency import FAULTS, ConsistencyStore, Finding
from ..coordination import CoordinationStore
from ..monitoring_store import MonitoringStore
from ..redis.engine import RedisEngine
from ..result_store import Key, ResultStore
from ..unique_store import UniqueStore
from .lists import highest
from .shards import Shard, Shards
from .ties import key_text


class ShardedUnique(UniqueStore):
    """The keys of unique jobs, each in a shard that follows from it."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def holder(self, key: str) -> KeyHolder | None:
        shard = self._shards.of_text(key_text(key))
        return self._shards.ask(shard, lambda engine: engine.unique.holder(key))

    def unlock(self, key: str) -> KeyHolder | None:
        shard = self._shards.of_text(key_text(key))
        return self._shards.ask(shard, lambda engine: engine.unique.unlock(key))

    def forget(self) -> int:
        return sum(self._shards.from_living(lambda engine: engine.unique.forget()))


class ShardedResults(ResultStore):
    """Results and progress, each with its job."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def note_progress(self, worker: str, notes: Mapping[Key, str]) -> None:
        parts: dict[Shard, dict[Key, str]] = defaultdict(dict)
        for key, note in notes.items():
            if (shard := self._shards.of_id(key[0])) is not None:
                parts[shard][key] = note
        left = iter(parts.values())
        self._shards.from_all(
            lambda engine: engine.results.note_progress(worker, next(left)), list(parts)
        )

    def forget(self) -> int:
        return sum(self._shards.from_living(lambda engine: engine.results.forget()))

    def status(self, job_id: str) -> str | None:
        shard = self._shards.of_id(job_id)
        if shard is None:
            return None
        return self._shards.ask(shard, lambda engine: engine.results.status(job_id))


class ShardedCoordination(CoordinationStore):
    """Locks, all in shard 0, and counted hits, each in a shard that follows from its key."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._locks = shards.first.engine.coordination

    def acquire(self, name: str, owner: str, seconds: float) -> bool:
        return self._locks.acquire(name, owner, seconds)

    def extend(self, name: str, owner: str, seconds: float) -> bool:
        return self._locks.extend(name, owner, seconds)

    def release(self, name: str, owner: str) -> bool:
        return self._locks.release(name, owner)

    def is_locked(self, name: str) -> bool:
        return self._locks.is_locked(name)

    def hits(self, key: str) -> tuple[int, float]:
        shard = self._shards.of_text(key)
        return self._shards.ask(shard, lambda engine: engine.coordination.hits(key))


class ShardedMonitoring(MonitoringStore):
    """Queues and workers of all shards, and the history, which is the sum of what each has."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def workers(self) -> list[Worker]:
        found: dict[str, Worker] = {}
        for workers in self._shards.from_living(lambda engine: engine.workers()):
            for worker in workers:
                known = found.get(worker.name)
                if known is None or worker.lease_left > known.lease_left:
                    found[worker.name] = worker
        return [found[name] for name in sorted(found)]

    def latency(self) -> dict[str, float]:
        return highest(self._shards.from_all(lambda engine: engine.latency()))

    def note_rates(self, rates: Sequence[Rate]) -> None:
        # Not in a shard whose answer might be lost and then in another one: counts would be twice.
        shards = sorted(self._shards.by_turns(), key=lambda shard: shard.is_away)
        self._shards.ask(shards[0], lambda engine: engine.monitoring.note_rates(rates))

    def rates(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> list[Rate]:
        def of(engine: RedisEngine) -> list[Rate]:
            return engine.rates(span, since, queue, handler, until)

        rows: dict[tuple[int, str, str], list[Rate]] = defaultdict(list)
        for rates in self._shards.from_all(of):
            for rate in rates:
                rows[rate.bucket, rate.queue, rate.handler].append(rate)
        totals = (merged(rows[row]) for row in sorted(rows))
        return [total for total in totals if total is not None]

    def begin_sample(self, bucket: int) -> bool:
        shard = self._shards.of_text(str(bucket))
        return self._shards.ask(shard, lambda engine: engine.monitoring.begin_sample(bucket))


class ShardedConsistency(ConsistencyStore):
    """Faults within each shard."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def verify(self, fix: bool) -> list[Finding]:
        names: dict[str, list[str]] = defaultdict(list)
        mended: dict[str, int] = defaultdict(int)
        for shard in self._shards:
            for kind, found, fixed in self._verified(shard, fix):
                names[kind] += found
                mended[kind] += fixed
        return [Finding(kind, names[kind], mended[kind]) for kind in FAULTS if names[kind]]

    def _verified(self, shard: Shard, fix: bool) -> list[Finding]:
        def verify(engine: RedisEngine) -> list[Finding]:
            assert engine.consistency is not None
            return engine.consistency.verify(fix)

        return self._shards.ask(shard, verify)

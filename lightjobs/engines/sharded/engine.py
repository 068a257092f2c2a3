"""Jobs spread over shards: over the slots of a cluster, and over several servers.

A job is whole in one shard, with all scripts as they are; its id names the shard. This engine asks
the right ones, and merges what they answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...errors import LightjobsError, StoreUnavailable
from ...model import (
    Claim,
    Cursor,
    Group,
    NewBatch,
    NewJob,
    Outcome,
    Retention,
    Settlement,
    Stored,
)
from ..control import Engine
from ..failures import Failure
from ..redis.engine import RedisEngine
from ..store import Pending, Progress
from ..where import EVERYWHERE, Where
from . import claims, layout, lists
from .batches import ShardedBatches
from .parts import (
    ShardedConsistency,
    ShardedCoordination,
    ShardedMonitoring,
    ShardedResults,
    ShardedUnique,
)
from .pushes import ShardedPushes
from .schedule import ShardedSchedule
from .shards import Shard, Shards
from .transfers import ShardedTransfers
from .waiting import ShardedWait


class ShardedEngine(Engine):
    """The engine of REDIS_JOB_SHARDS above 1 and of REDIS_URLS.

    Where a verb of JobStore promises an order or one step, this holds within each shard. A shard
    that does not answer is left alone for a moment while the others go on; what only it can answer
    raises StoreUnavailable."""

    answers_later = True

    def __init__(self, shards: Sequence[Shard], enqueue_timeout: float = 5.0) -> None:
        self._shards = Shards(shards)
        self.name = shards[0].engine.name
        self._unregistered: set[tuple[str, Shard]] = set()
        """Workers that were registered while that shard was away."""
        self._pushes = ShardedPushes(self._shards, enqueue_timeout)
        self._wait = ShardedWait(self._shards)
        first = shards[0].engine
        self.unique = ShardedUnique(self._shards)
        self.batches = ShardedBatches(self._shards)
        self.schedule = ShardedSchedule(self._shards)
        self.metadata = first.metadata
        self.monitoring = ShardedMonitoring(self._shards)
        self.coordination = ShardedCoordination(self._shards)
        self.results = ShardedResults(self._shards)
        self.transfers = ShardedTransfers(self._shards)
        self.lightpack = first.lightpack
        self.consistency = ShardedConsistency(self._shards)

    @property
    def retention(self) -> Retention:
        """That of all shards."""
        return self._shards.first.engine.retention

    @retention.setter
    def retention(self, retention: Retention) -> None:
        for shard in self._shards:
            shard.engine.retention = retention

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        return self._pushes.push(jobs)

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str] = ()
    ) -> list[Claim]:
        self._wait.end()
        return claims.claim(self._shards, worker, queues, limit, skip)

    def held(self, worker: str) -> list[Claim]:
        return claims.held(self._shards, worker)

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[Settlement]:
        return claims.settle(self._shards, self._push, worker, outcomes)

    def _push(self, jobs: Sequence[NewJob], batch: NewBatch | None) -> None:
        if batch is None:
            self.push(jobs)
        else:
            self.batches.push(batch, jobs)

    def settle_and_claim(
        self, worker: str, outcomes: Sequence[Outcome], queues: Sequence[str], limit: int
    ) -> Pending:
        self._wait.end()
        return claims.Turned(self._shards, self._push, worker, outcomes, queues, limit)

    def register(self, worker: str, lease: float) -> None:
        """A shard that is away gets to know the worker by its beats."""
        away: list[StoreUnavailable] = []
        for shard in self._shards:
            try:
                self._shards.ask(shard, lambda engine: engine.register(worker, lease))
            except StoreUnavailable as error:
                away.append(error)
                self._unregistered.add((worker, shard))
        if len(away) == len(self._shards):
            raise away[0]

    def beat(
        self, workers: Sequence[str], lease: float, notes: Mapping[str, str] | None = None
    ) -> list[str]:
        gone: dict[str, None] = {}
        away: list[StoreUnavailable] = []
        for shard in self._shards:
            try:
                self._register_late(shard, workers, lease)
                gone |= dict.fromkeys(
                    self._shards.ask(shard, lambda engine: engine.beat(workers, lease, notes))
                )
            except StoreUnavailable as error:
                away.append(error)
        if len(away) == len(self._shards):
            raise away[0]
        return [worker for worker in workers if worker in gone]

    def _register_late(self, shard: Shard, workers: Sequence[str], lease: float) -> None:
        for worker in workers:
            if (worker, shard) in self._unregistered:
                self._shards.ask(shard, lambda engine, name=worker: _register(engine, name, lease))  # type: ignore[misc]
                self._unregistered.discard((worker, shard))

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        return sum(self._shards.from_living(lambda engine: engine.recover(worker, lease)))

    def move(
        self,
        name: str,
        where: Where = EVERYWHERE,
        progress: Progress | None = None,
        *,
        spread: int = 0,
    ) -> int:
        def move(engine: RedisEngine, part: Where) -> int:
            return engine.move(name, part, progress, spread=spread)

        return lists.total(self._shards, where, move)

    def purge(self, where: Where, progress: Progress | None = None) -> int:
        return lists.total(self._shards, where, lambda engine, part: engine.purge(part, progress))

    def pause_queue(self, queue: str) -> bool:
        return any(self._shards.from_all(lambda engine: engine.pause_queue(queue)))

    def resume_queue(self, queue: str) -> bool:
        return any(self._shards.from_all(lambda engine: engine.resume_queue(queue)))

    def paused_queues(self) -> list[str]:
        found = self._shards.from_all(lambda engine: engine.paused_queues())
        return sorted({queue for part in found for queue in part})

    def count(self, where: Where) -> int:
        return lists.total(self._shards, where, lambda engine, part: engine.count(part))

    def stats(self) -> dict[str, dict[str, int]]:
        return lists.stats(self._shards)

    def groups(self, queue: str) -> list[Group]:
        return lists.groups(self._shards, queue)

    def find(self, job_id: str) -> Stored | None:
        """None also for a job of a shard that is not configured: `warnings` tells of such."""
        shard = self._shards.of_id(job_id)
        if shard is None:
            return None
        return self._shards.ask(shard, lambda engine: engine.find(job_id))

    def browse(self, where: Where, limit: int = 50, after: Cursor | None = None) -> list[Stored]:
        return lists.browse(self._shards, where, limit, after)

    def failures(self, most: int) -> Iterator[Failure]:
        return lists.failures(self._shards, most)

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        return self._wait.wait(queues, timeout)

    def hit(self, key: str, most: int, seconds: float) -> float:
        shard = self._shards.of_text(key)
        return self._shards.ask(shard, lambda engine: engine.hit(key, most, seconds))

    def maintain(self) -> int:
        return sum(self._shards.from_living(lambda engine: engine.maintain()))

    def tidy(self) -> None:
        self._shards.from_living(lambda engine: engine.tidy())

    def ensure_ready(self) -> None:
        """Returns if at least one shard is there."""
        self._shards.from_living(lambda engine: engine.ensure_ready())

    def problems(self) -> list[str]:
        return layout.by_shard(self._shards, lambda engine: engine.problems())

    def warnings(self) -> list[str]:
        found = layout.by_shard(self._shards, lambda engine: engine.warnings())
        return [*found, *layout.left_behind(self._shards)]

    def spread(self) -> list[str]:
        return layout.spread(self._shards)

    def close(self) -> None:
        self._wait.close()
        for shard in self._shards:
            shard.engine.close()


def _register(engine: RedisEngine, worker: str, lease: float) -> None:
    """Register a worker unless that has been done: the answer may have been lost."""
    try:
        engine.register(worker, lease)
    except StoreUnavailable:
        raise
    except LightjobsError:
        pass

"""Transfers of jobs from all shards, and to shard 0."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

from ...errors import LightjobsError
from ...model import NewJob
from ..redis.engine import RedisEngine
from ..transfer_store import Departure, Transfer, TransferStore
from .shards import Shard, Shards
from .ties import ties_of

_T = TypeVar("_T")


class ShardedTransfers(TransferStore):
    """The numbers of the jobs on their way go through the shards in their order. So they stay the
    same as long as a part arrives as a whole before any of it leaves, as the mover has it.

    What arrives goes to shard 0, where every job without ties may be. Jobs with a key or a group
    are refused, and stay where they came from."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._first = shards.first

    def begin(self, transfer: str, target: str) -> Transfer:
        found = self._ask(self._first, lambda store: store.begin(transfer, target))
        for shard in self._shards[1:]:
            self._ask(shard, lambda store: store.begin(found.id, found.target))
        return found

    def take(self, transfer: str, status: str, queue: str | None, most: int) -> int:
        total = 0
        for shard in self._shards:
            if total < most:
                left = most - total
                total += self._ask(shard, lambda store: store.take(transfer, status, queue, left))  # noqa: B023
        return total

    def batched(self, status: str, queue: str | None) -> list[str]:
        return [
            id
            for shard in self._shards
            for id in self._ask(shard, lambda store: store.batched(status, queue))
        ]

    def taken(self, transfer: str) -> tuple[int, list[Departure]]:
        total, departures = 0, []
        for shard in self._shards:
            left, found = self._ask(shard, lambda store: store.taken(transfer))
            total += left
            departures += found
        return total, departures

    def leave(self, transfer: str, ids: Sequence[str]) -> None:
        for shard, part in self._parts(ids):
            self._ask(shard, lambda store: store.leave(transfer, part))  # noqa: B023

    def stay(self, transfer: str, ids: Sequence[str]) -> None:
        for shard, part in self._parts(ids):
            self._ask(shard, lambda store: store.stay(transfer, part))  # noqa: B023

    def _parts(self, ids: Sequence[str]) -> list[tuple[Shard, list[str]]]:
        parts: dict[Shard, list[str]] = defaultdict(list)
        for id in ids:
            if (shard := self._shards.of_id(id)) is not None:
                parts[shard].append(id)
        return list(parts.items())

    def close(self, transfer: str) -> None:
        for shard in self._shards:
            self._ask(shard, lambda store: store.close(transfer))

    def end(self, transfer: str) -> int:
        # Shard 0 says whether there is a transfer, so it is the last to forget it.
        shards = [*self._shards[1:], self._first]
        return sum(self._ask(shard, lambda store: store.end(transfer)) for shard in shards)

    def expect(self, transfer: str) -> None:
        self._ask(self._first, lambda store: store.expect(transfer))

    def arrive(self, transfer: str, first: int, jobs: Sequence[Departure]) -> bool:
        for departure in jobs:
            _refuse_tied(departure)
        return self._ask(self._first, lambda store: store.arrive(transfer, first, jobs))

    def forget(self, transfer: str) -> bool:
        return self._ask(self._first, lambda store: store.forget(transfer))

    def _ask(self, shard: Shard, act: Callable[[TransferStore], _T]) -> _T:
        def asked(engine: RedisEngine) -> _T:
            assert engine.transfers is not None
            return act(engine.transfers)

        return self._shards.ask(shard, asked)


def _refuse_tied(departure: Departure) -> None:
    job = departure.job
    new = NewJob(job.handler, job.queue, "", options=job.options, flow=departure.flow)
    for tie in ties_of(new):
        raise LightjobsError(
            f"it, or what follows it, has {tie.name}, and jobs are moved to shard 0 only"
        )

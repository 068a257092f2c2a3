"""Lists and counts across shards: what each shard answers, merged."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ...model import Cursor, Group, Status, Stored
from ..failures import Failure
from ..moves import ENDED
from ..redis.engine import RedisEngine
from ..where import Where
from .shards import Shard, Shards


def wheres(shards: Shards, where: Where) -> list[tuple[Shard, Where]]:
    """The shards in which jobs may be that fit `where`, each with its part of the ids."""
    if where.job_id is not None:
        found = shards.of_id(where.job_id)
        return [] if found is None else [(found, where)]
    if where.ids is None:
        return [(shard, where) for shard in shards]
    parts: dict[Shard, list[str]] = defaultdict(list)
    for id in where.ids:
        if (shard := shards.of_id(id)) is not None:
            parts[shard].append(id)
    return [(shard, replace(where, ids=tuple(ids))) for shard, ids in parts.items()]


def total(shards: Shards, where: Where, act: Callable[[RedisEngine, Where], int]) -> int:
    """The sum of what `act` returns for the shards that have jobs which fit `where`. All are asked,
    even if some are away; then StoreUnavailable is raised."""
    parts = dict(wheres(shards, where))
    left = iter(parts.values())
    for shard in parts:
        shard.note_pushed()  # a move may bring jobs back
    return sum(shards.from_all(lambda engine: act(engine, next(left)), parts))


def browse(shards: Shards, where: Where, limit: int, after: Cursor | None) -> list[Stored]:
    """See JobStore.browse. Each shard's list is ordered in the same way, so the page is merged from
    the pages of all."""
    pages = [
        shards.ask(shard, lambda engine, part=part: engine.browse(part, limit, after))  # type: ignore[misc]
        for shard, part in wheres(shards, where)
    ]
    is_ended = where.needed_status() in ENDED

    def place(job: Stored) -> tuple[str, bytes]:
        moment = job.failed_at if is_ended else job.scheduled_at
        return moment or "", job.id.encode("utf-8", "surrogateescape")

    return list(islice(heapq.merge(*pages, key=place, reverse=is_ended), limit))


def failures(shards: Shards, most: int) -> Iterator[Failure]:
    """See Engine.failures."""
    lists = shards.from_all(lambda engine: engine.failures(most))
    merged = heapq.merge(*lists, key=lambda each: (each.failed_at or "", each.id), reverse=True)
    return islice(merged, most)


def stats(shards: Shards) -> dict[str, dict[str, int]]:
    """See JobStore.stats."""
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for rows in shards.from_all(lambda engine: engine.stats()):
        for queue, row in rows.items():
            totals[queue].update(row)
    return {queue: dict(totals[queue]) for queue in sorted(totals)}


def groups(shards: Shards, queue: str) -> list[Group]:
    """See JobStore.groups."""
    waiting: Counter[str | None] = Counter()
    running: Counter[str | None] = Counter()
    plain = []
    for shard, found in zip(
        shards, shards.from_all(lambda engine: engine.groups(queue)), strict=True
    ):
        for name, waits, runs in found:
            waiting[name] += waits
            running[name] += runs
        if not found:
            plain.append(shard)
    names = [name for name in {*waiting, *running} if waiting[name] or running[name]]
    if not names:
        return []
    # A shard without groups does not say what it has without one.
    for rows in shards.from_all(lambda engine: engine.stats(), plain):
        row = rows.get(queue, {})
        waiting[None] += row.get(Status.NEW, 0)
        running[None] += row.get(Status.QUEUED, 0)
    found = sorted(Group(name, waiting[name], running[name]) for name in names if name is not None)
    if waiting[None] or running[None]:
        found.insert(0, Group(None, waiting[None], running[None]))
    return found


def highest(found: Sequence[dict[str, float]]) -> dict[str, float]:
    """The highest number of each name."""
    merged: dict[str, float] = {}
    for each in found:
        for name, number in each.items():
            merged[name] = max(number, merged.get(name, number))
    return dict(sorted(merged.items()))

"""The vocabulary of ties between jobs, for the contract's tests."""

from __future__ import annotations

import itertools
import time
from typing import Any

from lightjobs.engines.control import Engine
from lightjobs.model import (
    Claim,
    Done,
    Failed,
    Flow,
    NewBatch,
    NewJob,
    Settlement,
    Step,
    StoredBatch,
    Unique,
)
from tests.support.stores import Store

from .support import job

_numbers = itertools.count()


def is_php(store: Store) -> bool:
    """Whether the store keeps jobs in PHP's own form, which has no place for a group or a batch."""
    return (store.environment or {}).get("REDIS_JOB_FORMAT") == "php"


def unique(
    key: str = "k", scope: str = "active", seconds: float = 60.0, when_taken: str = "keep"
) -> Flow:
    return Flow(Unique(key, scope, seconds, when_taken))


def unique_job(key: str = "k", scope: str = "active", **fields: Any) -> NewJob:
    """A job with a key; `seconds` and `when_taken` are those of the key."""
    own = {name: fields.pop(name) for name in ("seconds", "when_taken") if name in fields}
    return job(flow=unique(key, scope, **own), **fields)


def grouped(group: str | None, count: int = 1, limit: int | None = None, **fields: Any) -> Any:
    """Jobs of a group."""
    flow = None if group is None else Flow(group=group, group_limit=limit)
    return [job(flow=flow, **fields) for _ in range(count)]


def batch_id() -> str:
    return f"batch-{next(_numbers)}-{time.time_ns()}"


def push_batch(engine: Engine, count: int = 2, queue: str = "q", **fields: Any) -> str:
    """Store a batch of so many jobs; returns its id. `fields` are those of NewBatch."""
    new = NewBatch(fields.pop("id", None) or batch_id(), **fields)
    jobs = [job(queue, flow=Flow(batch=new.id)) for _ in range(count)]
    assert len(engine.batches.push(new, jobs)) == count
    return new.id


def step(queue: str = "after", payload: str = "{}", **fields: Any) -> tuple[Step, ...]:
    """One job that follows, in a queue of its own."""
    return (Step((job(queue, payload, **fields),)),)


def claims(engine: Engine, name: str, queue: str = "q", limit: int = 100) -> list[Claim]:
    return engine.claim(name, [queue], limit)


def done(claim: Claim, batch: str | None = None, next: str | None = None) -> Done:
    return Done(claim.id, claim.fence, next=next, batch=batch)


def failed(claim: Claim) -> Failed:
    return Failed(claim.id, claim.fence, "boom")


def settle(engine: Engine, name: str, *outcomes: Any) -> None:
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * len(outcomes)


def waiting(engine: Engine, queue: str = "after") -> int:
    return engine.stats().get(queue, {}).get("new", 0)


def counts(engine: Engine, batch: str) -> dict[str, int]:
    """What the batch counts, without what is 0."""
    found = engine.batches.find(batch)
    assert isinstance(found, StoredBatch)
    names = ("total", "waiting", "running", "done", "failed", "cancelled")
    return {name: getattr(found, name) for name in names if getattr(found, name)}

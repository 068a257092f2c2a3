"""The jobs of `benchmarks.flow`, and how they are pushed and drained."""

from __future__ import annotations

import time
from collections.abc import Sequence

from lightjobs.engines.control import Engine
from lightjobs.model import Done, Flow, NewJob

PUSH, CLAIM = 1000, 100


def job(flow: Flow | None = None, options: str | None = None, queue: str = "default") -> NewJob:
    return NewJob("Bench", queue, '{"n":1}', options=options, flow=flow)


def push(engine: Engine, jobs: Sequence[NewJob], size: int = PUSH) -> int:
    for start in range(0, len(jobs), size):
        engine.push(jobs[start : start + size])
    return len(jobs)


def worker(engine: Engine) -> str:
    """A new worker, registered."""
    name = f"bench-{time.time_ns()}"
    engine.register(name, 600.0)
    return name


def drain(engine: Engine, count: int, batch: str | None = None, queue: str = "default") -> int:
    """Claim and settle `count` jobs."""
    name = worker(engine)
    left = count
    while left > 0:
        claims = engine.claim(name, [queue], min(CLAIM, left))
        assert claims
        engine.settle(name, [Done(claim.id, claim.fence, batch=batch) for claim in claims])
        left -= len(claims)
    return count

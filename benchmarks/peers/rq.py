"""rq."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import os
from collections.abc import Callable

from redis import Redis
from rq import Queue

from . import work
from .ticks import stamp, tick

queue = Queue("bench", connection=Redis.from_url(os.environ["BENCH_REDIS"]))


def noop(n: int) -> None:
    tick()


def stamped(n: int) -> None:
    stamp(n)


def block(n: int) -> None:
    work.block(n)


def burn(n: int) -> None:
    work.burn(n)


JOBS: dict[str, Callable[[int], None]] = {
    "noop": noop,
    "stamp": stamped,
    "block": block,
    "burn": burn,
}


def dispatch(job: str, value: int) -> None:
    queue.enqueue(JOBS[job], value)


def dispatch_many(job: str, value: int, jobs: int) -> None:
    queue.enqueue_many([Queue.prepare_data(JOBS[job], (value,)) for _ in range(jobs)])

"""rq."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import os

from redis import Redis
from rq import Queue

from .ticks import stamp, tick

queue = Queue("bench", connection=Redis.from_url(os.environ["BENCH_REDIS"]))


def noop(n: int) -> None:
    tick()


def stamped(at: int) -> None:
    stamp(at)


def dispatch() -> None:
    queue.enqueue(noop, 1)


def dispatch_stamp(at: int) -> None:
    queue.enqueue(stamped, at)


def dispatch_many(jobs: int) -> None:
    queue.enqueue_many([Queue.prepare_data(noop, (1,)) for _ in range(jobs)])

"""streaQ."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator

from streaq import Worker

from .ticks import stamp, tick

worker = Worker(redis_url=os.environ["BENCH_REDIS"])


@worker.task
async def noop(n: int) -> None:
    tick()


@worker.task
async def stamped(at: int) -> None:
    stamp(at)


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    async with worker:
        yield


async def dispatch() -> None:
    await noop.enqueue(1)


async def dispatch_stamp(at: int) -> None:
    await stamped.enqueue(at)


async def dispatch_many(jobs: int) -> None:
    await worker.enqueue_many([noop.enqueue(1) for _ in range(jobs)])

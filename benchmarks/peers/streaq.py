"""streaQ."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from streaq import Worker

from . import work
from .ticks import stamp, tick

DEFAULT = 16

worker = Worker(redis_url=os.environ["BENCH_REDIS"], concurrency=work.CONCURRENCY or DEFAULT)
"""As many synchronous tasks, too."""


@worker.task
async def noop(n: int) -> None:
    tick()


@worker.task
async def stamped(n: int) -> None:
    stamp(n)


@worker.task
async def pause(n: int) -> None:
    await work.pause(n)


@worker.task
def block(n: int) -> None:
    work.block(n)


@worker.task
async def burn(n: int) -> None:
    work.burn(n)


JOBS: dict[str, Any] = {
    "noop": noop,
    "stamp": stamped,
    "pause": pause,
    "block": block,
    "burn": burn,
}


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    async with worker:
        yield


async def dispatch(job: str, value: int) -> None:
    await JOBS[job].enqueue(value)


async def dispatch_many(job: str, value: int, jobs: int) -> None:
    await worker.enqueue_many([JOBS[job].enqueue(value) for _ in range(jobs)])

"""taskiq with taskiq-redis: streams, the broker of its documentation, which acknowledges."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from taskiq_redis import RedisStreamBroker

from . import work
from .ticks import stamp, tick

READ = 100
"""Messages that the broker reads at once unless it is told to read more."""

broker = RedisStreamBroker(url=os.environ["BENCH_REDIS"], xread_count=max(READ, work.CONCURRENCY))


@broker.task
async def noop(n: int) -> None:
    tick()


@broker.task
async def stamped(n: int) -> None:
    stamp(n)


@broker.task
async def pause(n: int) -> None:
    await work.pause(n)


@broker.task
def block(n: int) -> None:
    work.block(n)


@broker.task
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
    await broker.startup()
    yield
    await broker.shutdown()


async def dispatch(job: str, value: int) -> None:
    await JOBS[job].kiq(value)

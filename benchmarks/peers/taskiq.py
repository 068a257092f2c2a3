"""taskiq with taskiq-redis: streams, the broker of its documentation, which acknowledges."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator

from taskiq_redis import RedisStreamBroker

from .ticks import stamp, tick

broker = RedisStreamBroker(url=os.environ["BENCH_REDIS"])


@broker.task
async def noop(n: int) -> None:
    tick()


@broker.task
async def stamped(at: int) -> None:
    stamp(at)


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    await broker.startup()
    yield
    await broker.shutdown()


async def dispatch() -> None:
    await noop.kiq(1)


async def dispatch_stamp(at: int) -> None:
    await stamped.kiq(at)

"""saq."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from saq import Queue

from . import work
from .ticks import stamp, tick

OPERATIONS = 20
"""Operations on Redis that a queue has going at a time, unless it is told to have more."""

queue = Queue.from_url(
    os.environ["BENCH_REDIS"], max_concurrent_ops=max(OPERATIONS, work.CONCURRENCY)
)


async def noop(context: Any, *, n: int) -> None:
    tick()


async def stamped(context: Any, *, n: int) -> None:
    stamp(n)


async def pause(context: Any, *, n: int) -> None:
    await work.pause(n)


async def block(context: Any, *, n: int) -> None:
    await work.in_thread(n)


async def burn(context: Any, *, n: int) -> None:
    work.burn(n)


settings: dict[str, Any] = {
    "queue": queue,
    "functions": [noop, ("stamp", stamped), pause, block, burn],
}
if work.CONCURRENCY:
    settings["concurrency"] = work.CONCURRENCY


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    await queue.connect()
    yield
    await queue.disconnect()


async def dispatch(job: str, value: int) -> None:
    await queue.enqueue(job, n=value)

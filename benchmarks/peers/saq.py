"""saq."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from saq import Queue

from .ticks import stamp, tick

queue = Queue.from_url(os.environ["BENCH_REDIS"])


async def noop(context: Any, *, n: int) -> None:
    tick()


async def stamped(context: Any, *, at: int) -> None:
    stamp(at)


settings: dict[str, Any] = {"queue": queue, "functions": [noop, stamped]}


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    await queue.connect()
    yield
    await queue.disconnect()


async def dispatch() -> None:
    await queue.enqueue("noop", n=1)


async def dispatch_stamp(at: int) -> None:
    await queue.enqueue("stamped", at=at)

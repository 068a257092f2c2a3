"""arq."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any

from arq import create_pool, func
from arq.connections import RedisSettings

from . import work
from .ticks import stamp, tick

pool: Any = None


async def noop(context: Any, n: int) -> None:
    tick()


async def stamped(context: Any, n: int) -> None:
    stamp(n)


async def pause(context: Any, n: int) -> None:
    await work.pause(n)


async def block(context: Any, n: int) -> None:
    await work.in_thread(n)


async def burn(context: Any, n: int) -> None:
    work.burn(n)


class WorkerSettings:
    """Results are not kept, as lightjobs keeps none."""

    functions = (noop, func(stamped, name="stamp"), pause, block, burn)
    redis_settings = RedisSettings.from_dsn(os.environ["BENCH_REDIS"])
    keep_result = 0
    max_jobs = work.CONCURRENCY or 10
    poll_delay = 0.01


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    global pool
    pool = await create_pool(WorkerSettings.redis_settings)
    yield
    await pool.close()


async def dispatch(job: str, value: int) -> None:
    await pool.enqueue_job(job, value)

"""pgqueuer, by asyncpg."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from . import work
from .ticks import stamp, tick

LIMIT = 1 if work.CONCURRENCY == 1 else 0
"""For each entry point, none being 0: the smallest --max-concurrent-tasks is 2."""

queries: Any = None


@contextlib.asynccontextmanager
async def main() -> AsyncIterator[Any]:
    app = PgQueuer(AsyncpgDriver(await asyncpg.connect()))

    @app.entrypoint("noop")
    async def noop(job: Any) -> None:
        tick()

    @app.entrypoint("stamp")
    async def stamped(job: Any) -> None:
        stamp(int(job.payload))

    @app.entrypoint("pause", concurrency_limit=LIMIT)
    async def pause(job: Any) -> None:
        await work.pause(int(job.payload))

    @app.entrypoint("block", concurrency_limit=LIMIT)
    async def block(job: Any) -> None:
        await work.in_thread(int(job.payload))

    @app.entrypoint("burn", concurrency_limit=LIMIT)
    async def burn(job: Any) -> None:
        work.burn(int(job.payload))

    yield app


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    global queries
    connection = await asyncpg.connect()
    queries = Queries(AsyncpgDriver(connection))
    yield
    await connection.close()


async def dispatch(job: str, value: int) -> None:
    await queries.enqueue(job, str(value).encode())


async def dispatch_many(job: str, value: int, jobs: int) -> None:
    await queries.enqueue([job] * jobs, [str(value).encode()] * jobs, [0] * jobs)

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

from .ticks import stamp, tick

queries: Any = None


@contextlib.asynccontextmanager
async def main() -> AsyncIterator[Any]:
    app = PgQueuer(AsyncpgDriver(await asyncpg.connect()))

    @app.entrypoint("noop")
    async def noop(job: Any) -> None:
        tick()

    @app.entrypoint("stamped")
    async def stamped(job: Any) -> None:
        stamp(int(job.payload))

    yield app


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    global queries
    connection = await asyncpg.connect()
    queries = Queries(AsyncpgDriver(connection))
    yield
    await connection.close()


async def dispatch() -> None:
    await queries.enqueue("noop", b"1")


async def dispatch_stamp(at: int) -> None:
    await queries.enqueue("stamped", str(at).encode())


async def dispatch_many(jobs: int) -> None:
    await queries.enqueue(["noop"] * jobs, [b"1"] * jobs, [0] * jobs)

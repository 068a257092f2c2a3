"""procrastinate."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from procrastinate import App, PsycopgConnector

from .ticks import stamp, tick

app = App(connector=PsycopgConnector(), import_paths=[__name__])


@app.task(name="noop")
async def noop(n: int) -> None:
    tick()


@app.task(name="stamped")
async def stamped(at: int) -> None:
    stamp(at)


@contextlib.asynccontextmanager
async def session() -> AsyncIterator[None]:
    async with app.open_async():
        yield


async def dispatch() -> None:
    await noop.defer_async(n=1)


async def dispatch_stamp(at: int) -> None:
    await stamped.defer_async(at=at)


async def dispatch_many(jobs: int) -> None:
    await noop.batch_defer_async(*[{"n": 1}] * jobs)

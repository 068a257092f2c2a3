"""procrastinate."""
# mypy: disable-error-code="import-not-found,untyped-decorator,no-any-return"

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from procrastinate import App, PsycopgConnector

from . import work
from .ticks import stamp, tick

app = App(connector=PsycopgConnector(), import_paths=[__name__])


@app.task(name="noop")
async def noop(n: int) -> None:
    tick()


@app.task(name="stamp")
async def stamped(n: int) -> None:
    stamp(n)


@app.task(name="pause")
async def pause(n: int) -> None:
    await work.pause(n)


@app.task(name="block")
async def block(n: int) -> None:
    await work.in_thread(n)


@app.task(name="burn")
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
    async with app.open_async():
        yield


async def dispatch(job: str, value: int) -> None:
    await JOBS[job].defer_async(n=value)


async def dispatch_many(job: str, value: int, jobs: int) -> None:
    await JOBS[job].batch_defer_async(*[{"n": value}] * jobs)

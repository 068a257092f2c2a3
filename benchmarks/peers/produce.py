"""Dispatches with one library and prints how many seconds it took.

    python -m benchmarks.peers.produce LIBRARY one|many|stamps|gather JOBS [JOB VALUE]

`one`: one by one; `many`: at once where it can; `stamps`: at random gaps of 5 to 35 ms. The job is
one of `work.py`, "noop" unless named. The first is dispatched before the time begins: it imports
and connects.

`gather`: as many dispatches as there are JOBS are awaited together, after a first one. The largest
gaps of a ticker of 10 ms are printed, too, that during the jobs and that during the first.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import random
import sys
import time
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

GAPS = (0.005, 0.035)
TICK = 0.01


async def _produce(library: ModuleType, how: str, jobs: int, job: str, value: int) -> float:
    many = getattr(library, "dispatch_many", None)
    dispatch = library.dispatch
    await _now(dispatch(job, value))
    started = time.perf_counter()
    if how == "stamps":
        for _ in range(jobs):
            await asyncio.sleep(random.uniform(*GAPS))
            await _now(dispatch("stamp", time.monotonic_ns()))
    elif how == "many" and many is not None and jobs:
        await _now(many(job, value, jobs))
    elif inspect.iscoroutinefunction(dispatch):
        for _ in range(jobs):
            await dispatch(job, value)
    else:
        for _ in range(jobs):
            dispatch(job, value)
    return time.perf_counter() - started


async def _gather(library: ModuleType, jobs: int, job: str, value: int) -> tuple[float, ...]:
    dispatch = getattr(library, "dispatch_async", library.dispatch)
    first, _seconds = await _ticked(lambda: dispatch(job, value))
    # Made within the time: gather() makes a task of each, and they would start before it begins.
    gap, seconds = await _ticked(
        lambda: asyncio.gather(*(dispatch(job, value) for _ in range(jobs)))
    )
    return seconds, gap, first


async def _ticked(begin: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Await what `begin` returns while a ticker runs; its largest gap and the seconds it took."""
    gaps = [0.0]

    async def tick() -> None:
        last = time.perf_counter()
        while True:
            try:
                await asyncio.sleep(TICK)
            finally:
                now = time.perf_counter()
                gaps.append(now - last - TICK)
                last = now

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0)
    started = time.perf_counter()
    await begin()
    seconds = time.perf_counter() - started
    ticker.cancel()
    await asyncio.gather(ticker, return_exceptions=True)
    return max(gaps), seconds


async def _now(result: Any) -> None:
    if inspect.isawaitable(result):
        await result


async def _main(name: str, how: str, count: str, job: str = "noop", value: str = "1") -> None:
    library = importlib.import_module(f"benchmarks.peers.{name}")
    async with getattr(library, "session", contextlib.nullcontext)():
        if how == "gather":
            print(*await _gather(library, int(count), job, int(value)))
        else:
            print(await _produce(library, how, int(count) - 1, job, int(value)))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))

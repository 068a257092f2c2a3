"""Dispatches with one library and prints how many seconds it took.

    python -m benchmarks.peers.produce LIBRARY one|many|stamps JOBS [JOB VALUE]

`one`: one by one; `many`: at once where it can; `stamps`: at random gaps of 5 to 35 ms. The job is
one of `work.py`, "noop" unless named. The first is dispatched before the time begins: it imports
and connects.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import random
import sys
import time
from types import ModuleType
from typing import Any

GAPS = (0.005, 0.035)


async def _produce(library: ModuleType, how: str, jobs: int, job: str, value: int) -> float:
    many = getattr(library, "dispatch_many", None)
    dispatch = library.dispatch
    await _now(dispatch(job, value))
    started = time.perf_counter()
    if how == "stamps":
        for _ in range(jobs):
            await asyncio.sleep(random.uniform(*GAPS))
            await _now(dispatch("stamp", time.monotonic_ns()))
    elif how == "many" and many is not None:
        await _now(many(job, value, jobs))
    elif inspect.iscoroutinefunction(dispatch):
        for _ in range(jobs):
            await dispatch(job, value)
    else:
        for _ in range(jobs):
            dispatch(job, value)
    return time.perf_counter() - started


async def _now(result: Any) -> None:
    if inspect.isawaitable(result):
        await result


async def _main(name: str, how: str, jobs: str, job: str = "noop", value: str = "1") -> float:
    library = importlib.import_module(f"benchmarks.peers.{name}")
    async with getattr(library, "session", contextlib.nullcontext)():
        return await _produce(library, how, int(jobs) - 1, job, int(value))


if __name__ == "__main__":
    print(asyncio.run(_main(*sys.argv[1:])))

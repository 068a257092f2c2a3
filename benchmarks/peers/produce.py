"""Dispatches with one library and prints how many seconds it took.

    python -m benchmarks.peers.produce LIBRARY one|many|stamps JOBS

`one`: one by one; `many`: at once where it can; `stamps`: at random gaps of 5 to 35 ms. A first
job that only counts is dispatched before the time begins: it imports and connects.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import random
import sys
import time
from types import ModuleType
from typing import Any

GAPS = (0.005, 0.035)


async def _produce(library: ModuleType, how: str, jobs: int) -> float:
    many = getattr(library, "dispatch_many", None)
    await _now(library.dispatch())
    started = time.perf_counter()
    if how == "stamps":
        for _ in range(jobs):
            await asyncio.sleep(random.uniform(*GAPS))
            await _now(library.dispatch_stamp(time.monotonic_ns()))
    elif how == "many" and many is not None:
        await _now(many(jobs))
    elif inspect.iscoroutinefunction(library.dispatch):
        dispatch = library.dispatch
        for _ in range(jobs):
            await dispatch()
    else:
        dispatch = library.dispatch
        for _ in range(jobs):
            dispatch()
    return time.perf_counter() - started


async def _now(result: Any) -> None:
    if inspect.isawaitable(result):
        await result


async def _main(name: str, how: str, jobs: int) -> float:
    library = importlib.import_module(f"benchmarks.peers.{name}")
    if not hasattr(library, "session"):
        return await _produce(library, how, jobs - 1)
    async with library.session():
        return await _produce(library, how, jobs - 1)


if __name__ == "__main__":
    print(asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))

"""What the jobs of every library do, and the names by which they are dispatched.

    noop     nothing but count itself
    stamp    note when it started; its value is the moment of its dispatch
    pause    wait as an async handler: asyncio.sleep
    block    wait as a handler in a thread: time.sleep
    burn     use the processor

The value of pause, block and burn is a time in µs. Each of them counts itself when it is done.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from .ticks import stamp, tick

__all__ = ["CONCURRENCY", "block", "burn", "in_thread", "pause", "stamp", "tick"]

CONCURRENCY = int(os.environ.get("BENCH_CONCURRENCY", "0"))
"""How many jobs a worker is to run at a time where its library is told so in Python; 0: leave the
library's default."""


async def pause(us: int) -> None:
    """Wait and let other coroutines run."""
    await asyncio.sleep(us / 1e6)
    tick()


def block(us: int) -> None:
    """Wait and let other threads run."""
    time.sleep(us / 1e6)
    tick()


async def in_thread(us: int) -> None:
    """The same, for libraries that run no handlers in threads, or leave no choice how many: in as
    many as jobs may run at a time."""
    await asyncio.get_running_loop().run_in_executor(_threads(), block, us)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CONCURRENCY or None)


def burn(us: int) -> None:
    """Use the processor for `us`, measured by the thread's own clock: what other threads take
    from it does not count."""
    end = time.thread_time_ns() + us * 1000
    while time.thread_time_ns() < end:
        pass
    tick()

"""The processor time of this process and of all servers that it has started."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .peers import usage


class Rate(NamedTuple):
    """How much was done in a second of the clock, and of processor time."""

    clock: float
    processor: float


def rate(work: Callable[[], int]) -> Rate:
    """Do `work`, which returns how much it has done."""
    # To read what others have used takes milliseconds of this process, which do not count.
    others = others_seconds()
    own, begun = time.process_time(), time.perf_counter()
    done = work()
    taken, own = time.perf_counter() - begun, time.process_time() - own
    return Rate(done / taken, done / (own + others_seconds() - others))


def others_seconds() -> float:
    """Processor seconds of the processes below this one that still run: of the threads that they
    have now, in nanoseconds, where /proc/PID/stat counts in steps of 10 ms."""
    mine = os.getpid()
    return sum(_used(pid) for pid in usage.family(mine) if pid != mine) / 1e9


def _used(pid: int) -> int:
    total = 0
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        for thread in Path("/proc", str(pid), "task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    return total

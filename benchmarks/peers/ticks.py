"""What the jobs write, the same for every library: memory shared with the benchmark, and a file.

A count is one addition in a slot that belongs to the thread, so it costs a job 0.1 µs.
"""

from __future__ import annotations

import mmap
import os
import threading
import time
from pathlib import Path

SLOTS = 8192
_WORD = 8


class _Slot(threading.local):
    """The thread's own place among the counts."""

    number: int | None = None


_slot = _Slot()
_counts: memoryview | None = None


def make(folder: str) -> None:
    """Begin anew in `folder`, all counts zero."""
    Path(folder, "counts").write_bytes(bytes(SLOTS * _WORD))
    for name in ("slots", "stamps"):
        Path(folder, name).write_bytes(b"")


def attach(folder: str) -> memoryview:
    """The counts in `folder`, one for each slot."""
    with open(f"{folder}/counts", "r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")


def tick() -> None:
    """Count one job."""
    number = _slot.number
    if number is None:
        number = _slot.number = _enter()
    assert _counts is not None
    _counts[number] += 1


def stamp(at: int) -> None:
    """Note when a job started that was dispatched `at`, both in ns of the system's one monotonic
    clock, and in which worker."""
    started = time.monotonic_ns()
    _append("stamps", f"{at} {started} {_worker()}\n".encode())


def _enter() -> int:
    global _counts
    if _counts is None:
        _counts = attach(os.environ["BENCH_FOLDER"])
    # The kernel appends in one step, so where the byte came to lie is nobody else's number.
    return _append("slots", _worker().encode()) - 1


def _worker() -> str:
    """The digit of the worker that this process belongs to."""
    return os.environ.get("BENCH_WORKER", "1")


def _append(name: str, text: bytes) -> int:
    path = os.path.join(os.environ["BENCH_FOLDER"], name)
    file = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(file, text)
        return os.lseek(file, 0, os.SEEK_CUR)
    finally:
        os.close(file)

"""Ids as PHP's `uniqid('job_', true)` makes them: they sort by when they were made."""

from __future__ import annotations

import random
import threading
import time

_lock = threading.Lock()
_latest = 0


def new_ids(count: int, suffix: str = "") -> list[str]:
    """`count` ids, each later than all that this process made before: `job_`, 13 hex digits of
    seconds and microseconds, a point, and 8 random digits, which differ between processes. A
    `suffix` comes after that."""
    global _latest
    with _lock:
        first = max(time.time_ns() // 1000, _latest + 1)
        _latest = first + count - 1
    digits = random.random  # takes a quarter of randrange's time
    ids: list[str] = []
    while count:
        seconds, begin = divmod(first, 1_000_000)
        end = min(begin + count, 1_000_000)
        # The ids of one second begin alike, and that is written once. %d drops a fraction.
        form = f"job_{seconds:08x}%05x.%08d{suffix}"
        ids += [form % (microsecond, digits() * 100_000_000) for microsecond in range(begin, end)]
        first, count = first + end - begin, count - (end - begin)
    return ids

"""The answer limit: how long a thread waits for each answer of a store.

A server whose process hangs keeps its connections open, and so does a network that swallows what is
sent. A worker must notice that well within its lease. Other programs may wait longer, for example
for a count of millions of jobs.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_local = threading.local()


def seconds() -> float:
    """How long this thread waits for each answer; infinite unless that was set."""
    found: float = _local.__dict__.get("seconds", math.inf)
    return found


def set_for_thread(limit: float) -> None:
    """From now on, this thread waits at most `limit` seconds for each answer of any store."""
    _local.seconds = limit


@contextmanager
def at_most(limit: float) -> Iterator[None]:
    """Inside, this thread waits at most `limit` seconds for each answer."""
    before = seconds()
    set_for_thread(min(limit, before))
    try:
        yield
    finally:
        set_for_thread(before)

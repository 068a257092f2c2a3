"""The answer limit: how long a thread waits for each answer of a store.

A server whose process hangs keeps its connections open, and so does a network that swallows what is
sent. A worker must notice that well within its lease. Other programs may wait longer, for example
for a count of millions of jobs.
"""

from __future__ import annotations

import math
import threading

_local = threading.local()


def set_for_thread(seconds: float) -> None:
    """From now on, this thread waits at most `seconds` for each answer of any store."""
    _local.seconds = seconds


def seconds() -> float:
    """How long this thread waits; infinite unless it was set."""
    found: float = _local.__dict__.get("seconds", math.inf)
    return found

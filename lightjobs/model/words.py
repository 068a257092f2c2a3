"""How jobs stand, what a queue and a priority are called, and times as text."""

from __future__ import annotations

import time
from enum import StrEnum
from functools import lru_cache


class Status(StrEnum):
    """How a job stands. `NEW`, `QUEUED` and `FAILED` are Lightpack's words, the others ours."""

    NEW = "new"
    """It waits, due now or later."""
    QUEUED = "queued"
    """A worker has claimed it."""
    FAILED = "failed"
    """It failed for good."""
    PAUSED = "paused"
    CANCELLED = "cancelled"
    COMPLETED = "completed"


STATUSES = tuple(Status)

PRIORITIES = {"lowest": -2, "lower": -1, "normal": 0, "higher": 1, "highest": 2}
"""Hummingbird's five names; stored as these integers, higher first."""

QUEUE_LENGTH = 55
HANDLER_LENGTH = 255
"""Widths of Lightpack's `jobs.queue` and `jobs.handler`; every engine keeps to them, so that a job
can move between engines."""

_NOT_IN_QUEUES = ",*?%"
"""The comma stands between names. The others are wildcards elsewhere: they would be taken for a
pattern of queues, but commands act on the queue that has exactly the name given."""

QUEUE_NAMES = f"a name of 1 to {QUEUE_LENGTH} printable characters without comma, *, ? or %"


def is_queue(name: object) -> bool:
    """Whether `name` is one of QUEUE_NAMES."""
    if not isinstance(name, str) or not 0 < len(name) <= QUEUE_LENGTH:
        return False
    if any(char in name for char in _NOT_IN_QUEUES):
        return False
    return name.isprintable() and name == name.strip()


def utc_text(moment: float) -> str:
    """`moment` (unix seconds) as stored text, whole seconds, rounded down."""
    return _second_text(moment // 1)


@lru_cache(maxsize=64)
def _second_text(second: float) -> str:
    """Kept for a while: who dispatches much asks for the present second again and again."""
    year, month, day, hour, minute, rest, *_ = time.gmtime(second)
    # Not strftime: its %Y gives the year 68 two digits, and stored times are compared as text.
    return f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{rest:02}"


def row_number(job_id: str) -> int:
    """The number in `job_id` for engines that count their jobs; -1, which no job has, for text
    that is no such number."""
    countable = job_id.isascii() and job_id.isdecimal() and len(job_id) < 19
    return int(job_id) if countable else -1

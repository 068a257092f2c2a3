"""The number of jobs in each queue."""

from __future__ import annotations

from ...model import STATUSES, Status
from .bulk import Call
from .rows import text

_COUNTED = (
    Status.NEW,
    "delayed",
    Status.QUEUED,
    Status.FAILED,
    Status.PAUSED,
    Status.CANCELLED,
    Status.COMPLETED,
)
"""What the numbers count that follow a queue's name in the reply of stats.lua."""


def counted(call: Call) -> dict[str, dict[str, int]]:
    """See JobStore.stats."""
    rows, from_php = call("stats")
    if from_php:
        call("reconcile_php")
        rows, _ = call("stats")
    none = dict.fromkeys(STATUSES, 0)
    counts = {}
    for queue, *row in zip(*[iter(rows)] * (1 + len(_COUNTED)), strict=True):
        if any(row):
            counts[text(queue)] = none | dict(zip(_COUNTED, row, strict=True))
    return dict(sorted(counts.items()))

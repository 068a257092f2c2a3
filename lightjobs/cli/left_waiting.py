"""What `job:work --stop-when-empty` leaves waiting: in other queues, in paused ones, and until
later."""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping, Sequence

from ..engines.control import Engine
from ..engines.where import Where
from ..model import Status, utc_text
from ..text import escaped

_MOST_QUEUES = 5
"""How many queues a line names."""

_MOST_DELAYED = 1_000
"""Up to this many new jobs of a queue, the soonest of them is looked for."""


def left_waiting(engine: Engine, queues: Sequence[str]) -> list[str]:
    """Lines that say how many jobs a worker of `queues` has left waiting, where, and until when. []
    if there are none, or if one of its own queues is not empty: then it did not stop for that."""
    stats, paused = engine.stats(), set(engine.paused_queues())
    due = {queue: counts["new"] - counts["delayed"] for queue, counts in stats.items()}
    if any(due.get(queue, 0) > 0 and queue not in paused for queue in queues):
        return []
    held = {queue: count for queue, count in due.items() if queue in paused}
    elsewhere = {
        queue: count for queue, count in due.items() if queue not in queues and queue not in paused
    }
    later = {queue: counts["delayed"] for queue, counts in stats.items()}
    found = [
        _line(elsewhere, "is due", "are due", "in other queues"),
        _line(held, "waits", "wait", "in paused queues"),
        _line(later, "is due", "are due", "later") + _soonest(engine, stats),
    ]
    lines = [line for line in found if line]
    return lines and [f"no job is due in {escaped(', '.join(queues))}", *lines]


def _line(counts: Mapping[str, int], one: str, many: str, where: str) -> str:
    counts = {queue: count for queue, count in counts.items() if count > 0}
    total = sum(counts.values())
    if not total:
        return ""
    most = sorted(counts, key=lambda queue: -counts[queue])
    named = ", ".join(f"{escaped(queue)} ({counts[queue]:,})" for queue in most[:_MOST_QUEUES])
    if len(most) > _MOST_QUEUES:
        named += f" and {len(most) - _MOST_QUEUES} more"
    jobs = f"1 job {one}" if total == 1 else f"{total:,} jobs {many}"
    return f"{jobs} {where}: {named}"


def _soonest(engine: Engine, stats: Mapping[str, Mapping[str, int]]) -> str:
    """When the first delayed job is due, as words that follow a line; "" if there is none, or if
    there are too many to look for it."""
    delayed = [queue for queue, counts in stats.items() if counts["delayed"] > 0]
    if not delayed or sum(stats[queue]["new"] for queue in delayed) > _MOST_DELAYED:
        return ""
    now = time.time()
    moments = [
        job.scheduled_at
        for queue in delayed
        for job in engine.browse(Where(status=Status.NEW, queue=queue), _MOST_DELAYED)
        if job.scheduled_at >= utc_text(now)
    ]
    if not moments:
        return ""
    at = min(moments)
    seconds = calendar.timegm(time.strptime(at, "%Y-%m-%d %H:%M:%S")) - now
    return f"; the soonest at {at} UTC, in {_length(max(1, round(seconds)))}"


def _length(seconds: int) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}s"
    return f"{seconds} second{'s' * (seconds != 1)}"

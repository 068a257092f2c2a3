"""Queues that need attention."""

from __future__ import annotations

from ....watching.queues import Row, latency, paused_queues, serving, stats, workers
from ...formatting import duration, plural
from ...visit import Visit
from .line import Line, cut

UNSERVED = 10.0
"""For how many seconds a job is due before a queue counts as not served: workers may be starting
anew."""

PAUSED = 3600.0
"""The same before a queue counts as forgotten while it is paused."""

KEPT = 100_000
"""The most jobs that have ended that are kept without a line."""


def slow(visit: Visit) -> list[Line] | None:
    """Queues whose latency is longer than the options say, though workers serve them."""
    waiting = _waiting(visit, paused=False)
    if waiting is None:
        return None
    lines = [
        Line(
            "slow-queue",
            f"Queue {row['name']}: its oldest due job has been due for {duration(row['latency'])}.",
            "Jobs come in faster than the workers of this queue can run them.",
            "Start more workers, or find out which handler takes long. If this is usual here, set "
            f"JOB_WEB_SLOW to more than {visit.options.slow:g} seconds.",
            visit.link("queue", queue=row["name"]),
        )
        for row in waiting
        if row["latency"] > visit.options.slow and not row["unserved"]
    ]
    return cut(lines, visit.link("queues"))


def unserved(visit: Visit) -> list[Line] | None:
    """Queues with due jobs that no worker serves."""
    waiting = _waiting(visit, paused=False)
    if waiting is None:
        return None
    lines = [
        Line(
            "unserved-queue",
            f"Queue {row['name']}: no living worker serves it, and its oldest due job has been due "
            f"for {duration(row['latency'])}.",
            "Its jobs stay where they are until a worker is started for it.",
            "Start a worker with this queue in --queue. If PHP's workers serve it, that cannot be "
            "seen here: then it is only waiting.",
            visit.link("queue", queue=row["name"]),
        )
        for row in waiting
        if row["unserved"]
    ]
    return cut(lines, visit.link("queues"))


def paused(visit: Visit) -> list[Line] | None:
    """Paused queues with jobs that have been due for long. Since when a queue is paused is not
    stored."""
    waiting = _waiting(visit, paused=True)
    if waiting is None:
        return None
    lines = [
        Line(
            "paused-queue",
            f"Queue {row['name']} is paused, and its oldest due job has been due for "
            f"{duration(row['latency'])}.",
            "Nothing is taken from a paused queue, also if somebody has forgotten that it is "
            "paused.",
            "Resume the queue if the reason is gone.",
            visit.link("queue", queue=row["name"]),
        )
        for row in waiting
        if row["latency"] > PAUSED
    ]
    return cut(lines, visit.link("queues"))


def kept(visit: Visit) -> list[Line] | None:
    """Very many jobs that have ended and are kept."""
    counts = stats(visit)
    if counts is None:
        return None
    ended = {
        status: sum(each.get(status, 0) for each in counts.values())
        for status in ("completed", "failed", "cancelled")
    }
    if sum(ended.values()) <= KEPT:
        return []
    most = max(ended, key=lambda status: ended[status])
    return [
        Line(
            "many-kept-jobs",
            f"{plural(sum(ended.values()), 'job')} that have ended are kept; most of them are "
            f"{most}.",
            "They take space, and lists and counts take longer.",
            "Let them go after a time with RETAIN_COMPLETED, RETAIN_FAILED and RETAIN_CANCELLED, "
            "or clean up a queue.",
            visit.link("jobs", status=most),
        )
    ]


def _waiting(visit: Visit, *, paused: bool) -> list[Row] | None:
    """The queues with due jobs that are paused, or those that are not, the slowest first; each with
    its `name`, its `latency`, and whether it is `unserved`."""
    latencies, names, found = latency(visit), paused_queues(visit), workers(visit)
    if latencies is None or names is None or found is None:
        return None
    # What a worker serves that notes nothing, of an older version, is not known.
    is_known = all(worker.note is not None for worker in found if not worker.is_silent)
    return [
        {
            "name": queue,
            "latency": latencies[queue],
            "unserved": is_known and latencies[queue] > UNSERVED and serving(found, queue) == 0,
        }
        for queue in sorted(latencies, key=lambda queue: -latencies[queue])
        if (queue in names) == paused
    ]

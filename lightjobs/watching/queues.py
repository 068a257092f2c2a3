"""The queues and workers of a store, in numbers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..engines.control import Engine
from ..notes.observed import Rate, Worker
from .look import Look
from .shown_status import counts_shown
from .summaries import by_minute, grouped, runs_a_minute, summary

Row = dict[str, Any]
"""A queue: `name`, `state` ("open" or "paused") and the number of jobs with each status;
`latency` in seconds; `workers`, how many serve it; `per_minute`, `failing` and `wait_p95` from the
history; `minutes`, the runs of each of the last HOUR minutes. None is still being found; `failing`
and `wait_p95` are also None where there is nothing."""

STATUSES = ("waiting", "delayed", "running", "failed", "paused", "cancelled", "completed")
"""The statuses in the words that people see."""

HOUR = 60
"""Minutes for which the history is looked at."""
PRESENT = 10
"""Minutes that count for the runs a minute."""


def queue_names(look: Look) -> list[str] | None:
    """The queues that have jobs, are paused or are served; None if the jobs are still being
    counted."""
    counts, paused = stats(look), paused_queues(look)
    if counts is None or paused is None:
        return None
    notes = [worker.note for worker in workers(look) or () if worker.note]
    return sorted({*counts, *paused, *(queue for note in notes for queue in note.queues)})


def queue_row(look: Look, queue: str) -> Row | None:
    """The queue `queue`, without jobs if it has none; None if they are still being counted."""
    counts, paused = stats(look), paused_queues(look)
    if counts is None or paused is None:
        return None
    latencies, rates = latency(look), hour(look)
    row: Row = {
        "name": queue,
        "state": "paused" if queue in paused else "open",
        **counts_shown(counts.get(queue, {})),
        "latency": None if latencies is None else latencies.get(queue, 0.0),
        "workers": serving(workers(look), queue),
    }
    return row | _history(None if rates is None else rates.get(queue, []), look.now)


def totals(rows: list[Row] | None) -> dict[str, int | None]:
    """The number of jobs with each status in all queues."""
    return {
        status: None if rows is None else sum(row[status] for row in rows) for status in STATUSES
    }


def places(found: Sequence[Worker] | None) -> dict[str, int | None]:
    """How many jobs the living workers can run at a time, and how many they do run. Workers that do
    not say so, which are of an older version, are counted as `unknown`."""
    if found is None:
        return {"all": None, "busy": None, "unknown": None}
    notes = [worker.note for worker in found if worker.note and not worker.is_silent]
    return {
        "all": sum(note.concurrency for note in notes),
        "busy": sum(note.busy for note in notes),
        "unknown": sum(worker.note is None and not worker.is_silent for worker in found),
    }


def serving(found: Sequence[Worker] | None, queue: str) -> int | None:
    """How many living workers say that they serve `queue`."""
    if found is None:
        return None
    return sum(
        worker.note is not None and queue in worker.note.queues and not worker.is_silent
        for worker in found
    )


# What is asked of the store, once for all who look.


def stats(look: Look) -> Mapping[str, Mapping[str, int]] | None:
    """Each queue's numbers, in the store's words."""
    return look.figure("stats", look.engine.stats)


def paused_queues(look: Look) -> list[str] | None:
    """The names of the paused queues."""
    return look.figure("paused", look.engine.paused_queues)


def latency(look: Look) -> Mapping[str, float] | None:
    """Each queue's latency, where a job is due."""
    return look.figure("latency", look.engine.latency)


def workers(look: Look) -> list[Worker] | None:
    """The workers."""
    return look.figure("workers", look.engine.workers)


def hour(look: Look) -> Mapping[str, list[Rate]] | None:
    """The last hour's history by the minute, of each queue."""
    return look.figure("hour", lambda: _hour(look.engine))


def _hour(engine: Engine) -> dict[str, list[Rate]]:
    return grouped(engine.rates(60, time.time() - HOUR * 60), lambda rate: rate.queue)


def _history(rates: Sequence[Rate] | None, now: float) -> dict[str, Any]:
    """What a row says of the last hour."""
    if rates is None:
        return dict.fromkeys(("per_minute", "failing", "wait_p95", "minutes"))
    total = summary(rates)
    return {
        "per_minute": round(runs_a_minute(rates, now, PRESENT), 1),
        "failing": total["failing"],
        "wait_p95": total["wait_p95"],
        "minutes": by_minute(rates, now, HOUR),
    }

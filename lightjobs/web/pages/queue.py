"""`/queues/<queue>`: one queue and what is next in it."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import NotFound

from ...engines.cleanup_plan import GROUPS
from ...engines.where import Where
from ...model import QUEUE_LENGTH, Status, Stored, utc_text
from ...watching.queues import hour
from ...watching.summaries import grouped, summary
from ..history import queue_charts
from ..page import Action, Done, Form
from ..queue_rows import queue_row
from ..visit import Visit
from . import cleaning
from .queues import change

NEXT_JOBS = 25
"""How many waiting jobs are listed."""

MOST_GROUPS = 50
"""How many groups of jobs are shown."""

LOOKED_THROUGH = 100
"""How many of the due jobs, the earliest ones, are put in the order of priorities."""


def view(visit: Visit, queue: str) -> dict[str, Any]:
    """The queue's numbers, its next jobs, and what the history says of each handler. A queue
    without jobs is shown, too: it may be on its way to having some."""
    if len(queue) > QUEUE_LENGTH:
        raise NotFound
    due, is_whole = _due(visit, queue)
    return {
        "queue": queue,
        "row": queue_row(visit, queue),
        "charts": queue_charts(visit, queue),
        "next": [_shown(job) for job in due[:NEXT_JOBS]],
        "next_is_certain": is_whole,
        "handlers": _handlers(visit, queue),
        **_job_groups(visit, queue),
        "groups": list(GROUPS),
        "cleanup_actions": list(cleaning.ACTIONS),
    }


def _due(visit: Visit, queue: str) -> tuple[list[Stored], bool]:
    """Due jobs in the order in which they will be claimed, and whether none was left out: a queue
    may have too many to look at all of them."""
    jobs = visit.engine.browse(Where(queue=queue, status=Status.NEW), LOOKED_THROUGH)
    now = utc_text(visit.now)
    due = [job for job in jobs if job.scheduled_at <= now]
    # Stable: within a priority they stay in the order of the store.
    return sorted(due, key=lambda job: -job.priority), len(due) < LOOKED_THROUGH


def _shown(job: Stored) -> dict[str, Any]:
    return {
        "id": job.id,
        "handler": job.handler,
        "priority": job.priority,
        "attempts": job.attempts,
        "created_at": job.created_at,
        "due_at": job.scheduled_at,
    }


def _job_groups(visit: Visit, queue: str) -> dict[str, Any]:
    """The groups in which most jobs wait, and how many more there are."""
    found = visit.figure(("groups", queue), lambda: visit.engine.groups(queue))
    most = sorted(found or [], key=lambda group: (-group.waiting, -group.running, group.name or ""))
    return {
        "job_groups": None if found is None else [each._asdict() for each in most[:MOST_GROUPS]],
        "more_groups": len(most[MOST_GROUPS:]),
    }


def _handlers(visit: Visit, queue: str) -> list[dict[str, Any]] | None:
    """What the last hour's history says of each handler of the queue, the busiest first."""
    rates = hour(visit)
    if rates is None:
        return None
    groups = grouped(rates.get(queue, []), lambda rate: rate.handler)
    rows = [{"handler": handler, **summary(of_it)} for handler, of_it in groups.items()]
    return sorted(rows, key=lambda row: (-int(row["runs"]), str(row["handler"])))


def pause(visit: Visit, form: Form, queue: str) -> Done:
    """Pause this queue."""
    return change(visit, queue, paused=True)


def resume(visit: Visit, form: Form, queue: str) -> Done:
    """Resume this queue."""
    return change(visit, queue, paused=False)


ACTIONS = {
    "pause": Action(run=pause),
    "resume": Action(run=resume),
    "cleanup": cleaning.CLEANUP,
}

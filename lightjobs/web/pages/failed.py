"""`/failed`: why jobs fail, by handler and kind of the error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import BadRequest

from ...engines.control import Engine
from ...engines.failures import Failure
from ...engines.where import Where
from ...model import Status, Stored
from ...text import shortened
from ...watching.queues import stats
from ..listing.kinds import kind_of, varies
from ..listing.rows import first_line, row
from ..listing.scan import MOST_SCANNED, scan
from ..listing.search import class_name, error_word
from ..page import Form
from ..visit import Visit, findable
from . import bulk

LISTED = 50
"""How many of the latest failed jobs are listed."""


@dataclass(slots=True)
class Group:
    """Failed jobs of one handler with errors of one kind."""

    latest: Failure
    count: int = 0
    first: str | None = None
    """When the first of them failed."""


def view(visit: Visit) -> dict[str, Any]:
    """The groups among the latest failed jobs, and the latest of these jobs."""
    groups = visit.figure("failed groups", lambda: _groups(visit.engine))
    counts = stats(visit)
    found = scan(visit.engine, "failed", Where(), None, LISTED)
    return {
        "groups": groups,
        "grouped": None if groups is None else sum(group["count"] for group in groups),
        "failed": None if counts is None else sum(each["failed"] for each in counts.values()),
        "jobs": [row(job, visit.now) for job in found.jobs],
        "is_cut": found.is_full,
    }


def _groups(engine: Engine) -> list[dict[str, Any]]:
    """The groups among the latest MOST_SCANNED failed jobs, the largest first."""
    groups: dict[tuple[str, str | None], Group] = {}
    for job in engine.failures(MOST_SCANNED):
        key = job.handler, kind_of(job.exception)
        group = groups.get(key)
        if group is None:
            group = groups[key] = Group(job)
        group.count += 1
        group.first = job.failed_at
    rows = [_row(exception, group) for (_, exception), group in groups.items()]
    return sorted(rows, key=lambda each: (-each["count"], each["handler"], each["exception"] or ""))


def _row(exception: str | None, group: Group) -> dict[str, Any]:
    latest = group.latest
    return {
        "handler": latest.handler,
        "class": class_name(latest.handler),
        "exception": exception,
        "count": group.count,
        "first": group.first,
        "last": latest.failed_at,
        "latest": latest.id,
        "sample": first_line(latest.exception),
        # What finds these jobs in the list of jobs, if its filter by class does not.
        "q": error_word(exception) if exception and varies(exception) else None,
    }


def _target(visit: Visit, form: Form) -> bulk.Target:
    """The group that the form names. Raises BadRequest."""
    handler, exception = form.get("handler"), form.get("exception")
    if handler is None or exception is None:
        raise BadRequest("Allowed: handler and exception, which name a group.")
    if not findable(handler + exception):
        raise BadRequest("No group has that name.")
    where = Where(status=Status.FAILED, handler=handler, before=bulk.before(visit, form))
    named = f" of {shortened(class_name(handler))} with {shortened(exception)}"
    if not varies(exception):
        return bulk.Target(where.of(exception=exception), "failed", named, is_all=True)

    def fits(job: Stored) -> bool:
        return job.handler == handler and kind_of(job.exception) == exception

    # Stores do not know kinds, and would read all failed jobs to find those of a handler.
    return bulk.searched(visit, "failed", Where(before=where.before), fits, named)


ACTIONS = bulk.actions(_target, ("retry", "delete"))

"""One page of a list, found by looking at a bounded number of jobs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ...engines.control import Engine
from ...engines.moves import ENDED
from ...engines.where import Where
from ...model import Cursor, Stored, utc_text
from ...watching.shown_status import SHOWN
from .place import cursor_of

MOST_SCANNED = 10_000
"""How many jobs are looked at for one page,"""
MOST_SECONDS = 2.0
"""and for how long."""

_PART = 1000


@dataclass(slots=True)
class Found:
    """What a scan has found."""

    jobs: list[Stored] = field(default_factory=list)
    scanned: int = 0
    last: Cursor | None = None
    """Where the scan stopped: more may follow; None at the end of the list."""
    is_full: bool = False
    """Whether it stopped because enough jobs were found."""


def scan(
    engine: Engine,
    shown: str,
    where: Where,
    after: Cursor | None,
    limit: int,
    fits: Callable[[Stored], bool] | None = None,
) -> Found:
    """Up to `limit` jobs with the status `shown` (a word that people see) that fit, behind
    `after`."""
    found = Found()
    by_end = SHOWN[shown] in ENDED
    until = time.monotonic() + MOST_SECONDS
    first = limit + 1 if fits is None else min(200, _PART)
    for job in _listed(engine, shown, where, after, first, until, found):
        if len(found.jobs) == limit:
            found.is_full = True
            return found
        found.scanned += 1
        found.last = cursor_of(job, by_end=by_end)
        if fits is None or fits(job):
            found.jobs.append(job)
    return found


def _listed(
    engine: Engine,
    shown: str,
    where: Where,
    after: Cursor | None,
    size: int,
    until: float,
    found: Found,
) -> Iterator[Stored]:
    """The jobs with that status in the order of their list, until the scan has taken too long. At
    the end of the list `found.last` becomes None."""
    where = where.of(status=SHOWN[shown])
    by_end = SHOWN[shown] in ENDED
    now = time.time()
    if shown == "delayed":
        # Lists are by whole seconds: those of this second are shown as waiting.
        first = Cursor(utc_text(now + 1), "")
        after = first if after is None else max(after, first, key=lambda cursor: cursor.moment)
    while found.scanned < MOST_SCANNED and time.monotonic() < until:
        size = min(size, MOST_SCANNED - found.scanned)
        jobs = engine.browse(where, size, after)
        for job in jobs:
            if shown == "waiting" and job.scheduled_at > utc_text(now):
                found.last = None
                return
            yield job
        if len(jobs) < size:
            found.last = None
            return
        after, size = cursor_of(jobs[-1], by_end=by_end), _PART

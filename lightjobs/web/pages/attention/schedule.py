"""Entries of the schedule that need attention."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ....engines.control import Engine
from ....engines.where import Where
from ....model import ENTRY_OPTION, LastSlot, Status, Stored
from ....watching.expected import expected
from ...formatting import duration
from ...listing.rows import options_of
from ...listing.scan import scan
from ...visit import Visit
from ..schedule import entries
from ..schedule import overdue as overdue_entries
from .line import Line, cut

_LOOKED_AT = 50
"""How many entries whose last job is not known to have completed are looked at, and how many failed
jobs for each."""


def overdue(visit: Visit) -> list[Line] | None:
    """Entries whose next moment has passed. Those that were removed are not among them."""
    slots = entries(visit)
    if slots is None:
        return None
    due = expected(slots, visit.now)
    lines = [
        Line(
            "overdue-entry",
            f"The schedule's entry {entry} has been due for {duration(visit.now - due[entry])} and "
            "was not dispatched.",
            "No scheduler runs, or it hangs. Or the entry was removed from the schedule not long "
            "ago.",
            "Start schedule:work, or a worker with --schedule, and look at its log. Moments that "
            "were missed are made up for as the entry says.",
            visit.link("schedule"),
        )
        for entry in sorted(overdue_entries(slots, visit.now), key=lambda entry: due[entry])
    ]
    return cut(lines, visit.link("schedule"))


def failing(visit: Visit) -> list[Line] | None:
    """Entries whose last job failed, and the one before."""
    slots = entries(visit)
    if slots is None:
        return None
    suspects = {
        entry: last
        for entry, last in slots.items()
        if last.job_id is not None and not last.completed and last.template is not None
    }
    if not suspects:
        return []
    found = visit.figure("failing entries", lambda: _failing(visit.engine, suspects))
    if found is None:
        return None
    lines = [
        Line(
            "failing-entry",
            f"The schedule's entry {entry}: its last two jobs failed.",
            "What it is there for has not been done.",
            "See why the jobs failed. Once the cause is gone, retry the last one, or let the entry "
            "run now.",
            visit.link("job", job=job) or visit.link("schedule"),
        )
        for entry, job in found.items()
    ]
    return cut(lines, visit.link("schedule"))


def _failing(engine: Engine, suspects: Mapping[str, LastSlot]) -> dict[str, str]:
    """The ids of the last jobs of the entries whose last two jobs failed."""
    found = {}
    for entry, last in list(suspects.items())[:_LOOKED_AT]:
        job = engine.find(last.job_id or "")
        if job is None or job.status != Status.FAILED:
            continue
        if _has_failed_before(engine, entry, last, job):
            found[entry] = job.id
    return found


def _has_failed_before(engine: Engine, entry: str, last: LastSlot, job: Stored) -> bool:
    """Whether the job that the entry dispatched before `job` failed, too. Its moment is not stored:
    it is looked for no further back than the entry's next moment lies ahead, and half as much."""
    if last.next is None or last.job_due is None:
        return False
    created = _moment(job.created_at)
    far = 1.5 * max(last.next - last.job_due, 60.0)
    where = Where(handler=job.handler, queue=job.queue)
    return any(
        other.id != job.id
        and options_of(other).get(ENTRY_OPTION) == entry
        and 0 <= created - _moment(other.created_at) <= far
        for other in scan(engine, "failed", where, None, _LOOKED_AT).jobs
    )


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

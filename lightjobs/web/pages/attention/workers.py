"""Workers that need attention."""

from __future__ import annotations

from ....notes.observed import Worker
from ....watching.queues import workers
from ...formatting import duration
from ...visit import Visit
from ..workers import usual_version
from .line import MOST, Line, cut


def silent(visit: Visit) -> list[Line] | None:
    """Workers whose beat is overdue."""
    found = workers(visit)
    if found is None:
        return None
    lines = [
        Line(
            "silent-worker",
            f"Worker {_called(worker)}: {_silence(worker)}.",
            "Its process hangs, has been killed, or does not reach the store. Others take over its "
            "jobs once its lease has ended.",
            "Look at its log and at its machine; start it anew if it does not come back.",
            visit.link("workers"),
        )
        for worker in found
        if worker.is_silent
    ]
    return cut(lines, visit.link("workers"))


def of_other_versions(visit: Visit) -> list[Line] | None:
    """Living workers of another version than most have."""
    found = workers(visit)
    if found is None:
        return None
    living = [worker for worker in found if not worker.is_silent]
    usual = usual_version(living)
    others = [worker for worker in living if worker.note and worker.note.version != usual]
    if not others:
        return []
    named = [
        f"{_called(worker)} has {worker.note.version}" for worker in others[:MOST] if worker.note
    ]
    if len(others) > MOST:
        named.append(f"and {len(others) - MOST} more")
    return [
        Line(
            "other-version",
            f"Most workers have version {usual} of lightjobs; {', '.join(named)}.",
            "A deployment has not reached all workers, or is on its way.",
            "Wait until it is over, or start these workers anew.",
            visit.link("workers"),
        )
    ]


def _called(worker: Worker) -> str:
    note = worker.note
    return worker.name if note is None else f"{note.pid} on {note.host}"


def _silence(worker: Worker) -> str:
    if worker.note is None or worker.silent_for is None:
        return f"its lease ended {duration(-worker.lease_left)} ago"
    beat = duration(worker.note.lease / 3)
    return f"its last beat was {duration(worker.silent_for)} ago, and one is due every {beat}"

"""`/workers`: who works, and on what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from werkzeug.exceptions import BadRequest

from ...notes.observed import Running, Worker, WorkerNote
from ...text import shortened
from ...watching.queues import workers
from ..page import Action, Done, Form
from ..visit import Visit

Row = dict[str, Any]


def view(visit: Visit) -> dict[str, Any]:
    """The workers, one group for each supervisor; those that note nothing come last."""
    found = workers(visit)
    if found is None:
        return {"groups": None, "count": None}
    usual = usual_version(found)
    groups: dict[tuple[str, int], list[Row]] = {}
    for worker in found:
        note = worker.note
        key = ("", 0) if note is None else (note.host, note.parent)
        groups.setdefault(key, []).append(_row(worker, usual, visit.now))
    return {
        "groups": [
            {"host": host, "parent": parent, "workers": rows}
            for (host, parent), rows in sorted(groups.items(), key=lambda item: _place(item[0]))
        ],
        "count": len(found),
    }


def usual_version(found: Sequence[Worker]) -> str | None:
    """The version that most workers have; None if none says its version."""
    versions = Counter(worker.note.version for worker in found if worker.note)
    return max(versions, key=lambda version: (versions[version], version), default=None)


def _place(key: tuple[str, int]) -> tuple[bool, tuple[str, int]]:
    return key == ("", 0), key


def _row(worker: Worker, usual: str | None, now: float) -> Row:
    note = worker.note
    row: Row = {
        "name": worker.name,
        "silent": worker.is_silent,
        "last_beat": None if worker.silent_for is None else now - worker.silent_for,
    }
    return row | (_unknown() if note is None else _noted(note, usual, now))


def _unknown() -> Row:
    names = ("pid", "version", "other_version", "python", "queues", "concurrency", "busy")
    return dict.fromkeys((*names, "memory", "state", "since", "ended", "running"))


def _noted(note: WorkerNote, usual: str | None, now: float) -> Row:
    return {
        "pid": note.pid,
        "version": note.version,
        "other_version": note.version != usual,
        "python": note.python,
        "queues": list(note.queues),
        "concurrency": note.concurrency,
        "busy": note.busy,
        "memory": note.memory,
        "state": note.state,
        "since": note.since,
        "ended": sum(note.ended.values()),
        "running": [_run(run, now) for run in note.running],
    }


def _run(run: Running, now: float) -> Row:
    return {
        "id": run.id,
        "handler": run.handler,
        "queue": run.queue,
        "attempt": run.attempt,
        "since": run.since,
        "seconds": max(0.0, now - run.since),
    }


def cancel(visit: Visit, form: Form) -> Done:
    """Cancel the job that the form names: its worker is told, and its outcome is refused."""
    job_id = form.get("job", "")
    if not job_id:
        raise BadRequest("job is missing; allowed: the id of a job")
    cancelled = visit.engine.cancel(job_id)
    shown = shortened(job_id, 60)
    return Done(
        message=f"Job {shown} is cancelled." if cancelled else f"Job {shown} has ended already.",
        count=int(cancelled),
        which=f"job {shown}",
    )


ACTIONS = {"cancel": Action(run=cancel)}

"""Where an entry of the schedule stands: what `schedule:list` shows."""

from __future__ import annotations

from typing import NamedTuple

from ..engines.control import Engine
from ..model import LastSlot, Status
from .entry import Entry

GONE = "gone"
"""The outcome of a last job that the store no longer has and has not noted as completed. The job
was cancelled or removed, PHP ran it, or its worker died right after it."""


class EntryState(NamedTuple):
    """An entry, its next moment and its last job. Moments are whole unix seconds."""

    entry: Entry
    paused: bool
    next: int | None
    """The next due moment; None if the entry is paused or never due again."""
    last: int | None
    """The moment that the last job was dispatched for; None if there is no job or it is unknown."""
    job_id: str | None
    outcome: str | None
    """The status of the last job, or GONE."""


def entry_state(engine: Engine, entry: Entry, last: LastSlot | None, now: int) -> EntryState:
    """The state of `entry`, given what the store has noted of it (`last`). Raises
    StoreUnavailable."""
    paused = last is not None and last.paused
    due = None if paused else entry.next_after(now)
    if last is None or last.job_id is None:
        return EntryState(entry, paused, due, None, None, None)
    job = engine.find(last.job_id)
    left = Status.COMPLETED if last.completed else GONE
    outcome = left if job is None else job.status
    last_due = None if last.job_due is None else int(last.job_due)
    return EntryState(entry, paused, due, last_due, last.job_id, outcome)

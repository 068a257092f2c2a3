"""What a store keeps of the schedule."""

from __future__ import annotations

from typing import NamedTuple

from .jobs import NewJob


class Slot(NamedTuple):
    """A moment (unix seconds) at which an entry of the schedule is due; `entry` is its name."""

    entry: str
    due: float
    job: NewJob | None
    """None: the moment is passed over."""
    next: float | None = None
    """The moment of the entry that follows; None if there is none, or it is not known."""


class Template(NamedTuple):
    """What an entry of the schedule dispatches, for programs without the project's code."""

    job: NewJob
    """The job, due at once."""
    expression: str
    """When it is due, as it is written."""
    zone: str
    """The name of its time zone."""
    conditional: bool = False
    """Whether conditions of the project decide at each moment if the job is dispatched."""


class LastSlot(NamedTuple):
    """What the store keeps of an entry of the schedule."""

    due: float
    """The last moment that was dispatched or passed over; only later ones are accepted."""
    job_id: str | None
    """The last job that was pushed for it."""
    job_due: float | None
    """The moment of that job. It lies before `due` once moments were passed over since."""
    paused: bool
    completed: bool = False
    """Whether it is known that the last job completed; the job itself may be gone."""
    next: float | None = None
    """The moment after `due`, as the scheduler noted it; None if there is none, or none noted."""
    template: Template | None = None
    """Where it was asked for and the scheduler has noted it."""

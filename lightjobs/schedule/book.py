"""`schedule`, what config/schedule.py writes its entries with."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ..errors import JobDefinitionError
from ..job import Job
from .command import RunCommand, checked, title
from .event import Event


class Schedule:
    """A list of entries, as they are written."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def job(self, job: type[Job]) -> Event:
        """A new entry that dispatches a job of this class."""
        if not (isinstance(job, type) and issubclass(job, Job) and job is not Job):
            raise JobDefinitionError(f"job({job!r}); allowed: a Job class")
        return self._add(job(), job.__name__)

    def command(self, command: Sequence[str]) -> Event:
        """A new entry that runs a program, by a worker and as a job: `["program", "argument"]`. No
        shell reads it."""
        arguments = checked(command)
        return self._add(RunCommand().setPayload({"command": arguments}), title(arguments))

    def _add(self, job: Job, name: str) -> Event:
        event = Event(job, name, line=sys._getframe(2).f_lineno)
        self.events.append(event)
        return event


schedule = Schedule()
"""The schedule that is being loaded; `loading.load` empties it first."""

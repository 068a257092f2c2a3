"""`schedule`, what config/schedule.py writes its entries with."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..errors import JobDefinitionError
from ..job_class import Job
from ..job_function import FunctionJob
from ..text import shortened
from .command import RunCommand, checked, title
from .event import Event


class Schedule:
    """A list of entries, as they are written."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def job(self, job: type[Job] | FunctionJob[Any, Any, Any]) -> Event:
        """A new entry that dispatches a job of this class, or of this `@job` function, with what
        its setters have set."""
        made = _made(job)
        return self._add(made, type(made).__name__)

    def command(self, command: Sequence[str]) -> Event:
        """A new entry that runs a program, by a worker and as a job: `["program", "argument"]`. No
        shell reads it."""
        arguments = checked(command)
        return self._add(RunCommand().setPayload({"command": arguments}), title(arguments))

    def _add(self, job: Job, name: str) -> Event:
        caller = sys._getframe(2)
        event = Event(job, name, f"{caller.f_code.co_filename} line {caller.f_lineno}")
        self.events.append(event)
        return event


def _made(job: object) -> Job:
    if isinstance(job, FunctionJob):
        return job.as_job()
    if not (isinstance(job, type) and issubclass(job, Job) and job is not Job):
        shown = shortened(repr(job))
        raise JobDefinitionError(f"job({shown}); allowed: a Job class, or a function under @job")
    return job()


schedule = Schedule()
"""The schedule that is being loaded; `loading.load` empties it first."""

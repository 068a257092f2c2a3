"""`schedule`, the object that config/schedule.py adds its entries to."""

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
    """The entries written so far, as events."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def job(self, job: type[Job] | FunctionJob[Any, Any, Any]) -> Event:
        """Add an entry that dispatches a job of this class, or of this `@job` function with the
        values its setters have set. Raises JobDefinitionError for anything else."""
        made = _made(job)
        return self._add(made, type(made).__name__)

    def command(self, command: Sequence[str]) -> Event:
        """Add an entry that runs a program, such as `["program", "argument"]`. A worker runs it as
        a job, without a shell. Raises JobDefinitionError for anything but such a list."""
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
        raise JobDefinitionError(f"job({shown}); allowed: a Job class or a function under @job")
    return job()


schedule = Schedule()
"""The schedule that is being loaded; `loading.load` empties it before and after."""

"""A job to push, a claim on one, and a job as it is stored."""

from __future__ import annotations

from typing import NamedTuple

from ..notes.attempt_errors import AttemptError, errors_of
from ..notes.run_notes import Progress, Result, read_progress, read_result
from .flow import Flow
from .words import Status


class NewJob(NamedTuple):
    """A job to push. `due` None means now, by the store's clock; `payload` is JSON text."""

    handler: str
    queue: str
    payload: str
    due: float | None = None
    priority: int = 0
    options: str | None = None
    """JSON text of the values set on this one job (attempts, retryAfter, HEADERS_OPTION), of its
    deadlines (EXPIRES_OPTION, RETRY_UNTIL_OPTION), of what middleware has added (TRACE_OPTION),
    of what follows it (CHAIN_OPTION and those after it), and, as ENTRY_OPTION and SLOT_OPTION, of
    what it is for in the schedule; None for none."""
    flow: Flow | None = None
    """Its ties to other jobs; None for none."""


class Claim(NamedTuple):
    """A job in a worker's hands. Only an outcome with this fence will be accepted."""

    id: str
    fence: int
    handler: str
    queue: str
    payload: str
    attempts: int
    """Runs so far, this one included."""
    recoveries: int
    """How often a worker died while it held this job."""
    created_at: str
    options: str | None
    waited: float = 0.0
    """Seconds from the time the job was due to this claim, both by the store's clock."""


class Stored(NamedTuple):
    """A job as the store has it, for people to look at."""

    id: str
    handler: str
    queue: str
    payload: str
    status: str
    attempts: int
    priority: int
    created_at: str
    scheduled_at: str
    exception: str | None
    failed_at: str | None
    recoveries: int
    worker: str | None
    options: str | None
    error_lines: str | None = None
    """Its failed attempts as the store keeps them; see `attempt_errors`."""
    result_text: str | None = None
    """What is kept of the run that completed it; see `run_notes`."""
    progress_text: str | None = None
    """How far it has come, as the store keeps it."""
    kept_until: float | None = None
    """Unix seconds: until when it is kept on its own account."""
    unique_key: str | None = None
    """The key that it was pushed with, which another job may hold by now."""
    group: str | None = None
    batch: str | None = None
    """The id of its batch."""

    @property
    def result(self) -> Result | None:
        """What is kept of the run that completed it; None for jobs of which nothing is kept."""
        return read_result(self.result_text) if self.status == Status.COMPLETED else None

    @property
    def progress(self) -> Progress | None:
        """How far it has come, as its last run has told; None if none has."""
        return read_progress(self.progress_text)

    @property
    def errors(self) -> tuple[AttemptError, ...]:
        """Its failed attempts, the latest first, also those before it was retried by hand; only as
        many as the store keeps. They are read when they are asked for: in a list of thousands of
        jobs that would take as long as all else."""
        return errors_of(self.error_lines)

    def claim(self, fence: int) -> Claim:
        """The claim on this job that had `fence`."""
        return Claim(
            id=self.id,
            fence=fence,
            handler=self.handler,
            queue=self.queue,
            payload=self.payload,
            attempts=self.attempts,
            recoveries=self.recoveries,
            created_at=self.created_at,
            options=self.options,
        )


class Cursor(NamedTuple):
    """A place in a list of jobs: behind the job with that moment and id."""

    moment: str
    """The time by which the list is ordered, as text: when the job ended or, if it has not ended,
    when it is due. Lists are ordered by whole seconds, and within a second in an order that each
    store chooses by the id."""
    id: str
    """"" for the place before all jobs of that second."""

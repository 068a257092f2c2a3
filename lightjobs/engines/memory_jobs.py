"""What the memory engine keeps: jobs, and each queue's order."""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Claim, NewJob, Status, Stored, utc_text


@dataclass(slots=True)
class MemoryJob:
    """A job as the memory engine keeps it."""

    birth: int
    new: NewJob
    due: float
    created_at: str
    status: Status = Status.NEW
    attempts: int = 0
    fence: int = 0
    recoveries: int = 0
    worker: str | None = None
    exception: str | None = None
    failed_at: float | None = None
    errors: str | None = None
    result: str | None = None
    progress: str | None = None
    kept_until: float | None = None
    placings: int = 0
    """How often it was put into its queue."""


def group_of(job: MemoryJob) -> str | None:
    """The name of the job's group; None if it has none."""
    return None if job.new.flow is None else job.new.flow.group


def batch_of(job: MemoryJob) -> str | None:
    """The id of the job's batch; None if it is part of none."""
    return None if job.new.flow is None else job.new.flow.batch


def claim_of(job: MemoryJob, waited: float = 0.0) -> Claim:
    """The claim on a job that waited for `waited` seconds."""
    # Not by way of `stored_of`: its texts of moments would add 1 us to each claim.
    new = job.new
    return Claim(
        str(job.birth),
        job.fence,
        new.handler,
        new.queue,
        new.payload,
        job.attempts,
        job.recoveries,
        job.created_at,
        new.options,
        waited,
    )


def stored_of(job: MemoryJob) -> Stored:
    """A job for people to look at."""
    flow = job.new.flow
    return Stored(
        str(job.birth),
        job.new.handler,
        job.new.queue,
        job.new.payload,
        job.status,
        job.attempts,
        job.new.priority,
        job.created_at,
        utc_text(job.due),
        job.exception,
        None if job.failed_at is None else utc_text(job.failed_at),
        job.recoveries,
        job.worker,
        job.new.options,
        job.errors,
        job.result,
        job.progress,
        job.kept_until,
        None if flow is None or flow.unique is None else flow.unique.key,
        None if flow is None else flow.group,
        None if flow is None else flow.batch,
    )

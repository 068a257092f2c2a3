"""What the memory engine keeps: jobs, and each queue's order."""

from __future__ import annotations

import heapq
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


class Queue:
    """Ids in claim order: all in `delayed` by due time, until they are due and go to `ready`, which
    is ordered by priority. An entry counts only while its job is new and has that due time; any
    other is dropped when its turn comes."""

    def __init__(self) -> None:
        self.delayed: list[tuple[float, int]] = []
        self.ready: list[tuple[int, float, int]] = []

    def add(self, job: MemoryJob) -> None:
        """Add a job, at its due time."""
        heapq.heappush(self.delayed, (job.due, job.birth))


def claim_of(job: MemoryJob) -> Claim:
    """The claim on a job."""
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
    )


def stored_of(job: MemoryJob) -> Stored:
    """A job for people to look at."""
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
    )

"""The filters that choose the jobs which `move`, `purge`, `count` and `browse` work on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import LightjobsError
from ..model import STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The jobs that fit every filter given; without any filter, all jobs."""

    job_id: str | None = None
    queue: str | None = None
    handler: str | None = None
    """The stored handler."""
    before: float | None = None
    """Unix seconds: jobs that ended before then or, if they have not ended, were created before
    then."""
    status: str | None = None
    """One of `Status`. `browse`, `count` and `purge` need one; a move takes its sources from it."""

    def of(self, **changes: str | float | None) -> Where:
        """The same filters with some of them replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def needed_status(self) -> str:
        """The status. Raises LightjobsError when none is given, so that a mistake does not touch
        every job."""
        if self.status is None:
            raise LightjobsError(f"status is not given; allowed: {', '.join(STATUSES)}")
        return self.status


EVERYWHERE = Where()


def one_job(job_id: str) -> Where:
    """Only the job with that id. Raises LightjobsError if the id is not text: None, which an empty
    column gives, would otherwise mean all jobs."""
    if not isinstance(job_id, str):
        raise LightjobsError(f"{job_id!r} is not a job's id; allowed: the text dispatch returned")
    return Where(job_id=job_id)

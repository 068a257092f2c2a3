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

    worker: str | None = None
    """The name of the worker that holds the job."""
    exception: str | None = None
    """The class of the error: the text of the job's exception up to the first ":" or the end of its
    first line."""
    ids: tuple[str, ...] | None = None
    """Jobs with one of these ids."""
    batch: str | None = None
    """The id of the batch that the job is part of."""
    unkept: bool = False
    """Whether to leave out jobs that are kept on their own account; for `purge`."""

    def of(self, **changes: str | float | tuple[str, ...] | None) -> Where:
        """The same filters with some of them replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def needed_status(self) -> str:
        """The status. Raises LightjobsError when none is given, so that a mistake does not touch
        every job."""
        if self.status is None:
            raise LightjobsError(f"status is not given; allowed: {', '.join(STATUSES)}")
        return self.status


EVERYWHERE = Where()


def error_class(exception: str | None) -> str | None:
    """The class of the error in a job's `exception`, as `Where.exception` names it. Texts of PHP
    begin with the class, too."""
    if exception is None:
        return None
    return exception.partition("\n")[0].partition(":")[0]


def one_job(job_id: str) -> Where:
    """Only the job with that id. Raises LightjobsError if the id is not text: None, which an empty
    column gives, would otherwise mean all jobs."""
    if not isinstance(job_id, str):
        raise LightjobsError(f"{job_id!r} is not a job's id; allowed: the text dispatch returned")
    return Where(job_id=job_id)

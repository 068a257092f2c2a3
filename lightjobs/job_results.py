"""Waiting for the results of jobs. The file is not called `result`: importing it would put the
module in the place of the function `lightjobs.result`."""

from __future__ import annotations

import time
from typing import Any

from . import current
from .engines.control import Engine
from .engines.moves import ENDED
from .engines.where import one_job
from .errors import JobCancelled, JobFailed, ResultGone, ResultTimeout
from .model import Status, Stored

PAUSES = (0.005, 0.1)
"""Seconds until the first look again, and between later ones: a worker that waits for jobs looks as
often."""

LENGTHEN = 1.5
"""By how much each pause is longer than the one before."""


def result(job_id: str, timeout: float = 5.0) -> Any:
    """What `handle` of a job returned. Waits for the end of the job, `timeout` seconds at most.

    The job must keep its result (`keepResult`, or RETAIN_COMPLETED), and it must still be there.
    Raises JobFailed with the text of the exception if the job failed for good, JobCancelled if it
    was cancelled, ResultTimeout if it has not ended in time, ResultGone if there is no such job any
    more or its result was not kept, and StoreUnavailable.

    Not for event loops, which it blocks, and not for the handlers of jobs, which would occupy a
    worker that other jobs need.
    """
    engine, wait = current.engine(), _Wait(job_id, timeout)
    while (job := _ended(engine, job_id)) is None:
        engine.results.wait(job_id, wait.pause())
    return _value(job)


async def resultAsync(job_id: str, timeout: float = 5.0) -> Any:
    """As `result`, without blocking the event loop."""
    import asyncio  # here: most programs do not need it

    wait = _Wait(job_id, timeout)
    engine = await asyncio.to_thread(current.engine)
    while (job := await asyncio.to_thread(_ended, engine, job_id)) is None:
        await asyncio.sleep(wait.pause())
    return _value(job)


class _Wait:
    """How long to wait for one job."""

    def __init__(self, job_id: str, timeout: float) -> None:
        """Raises LightjobsError for what is no id, and ValueError for what is no timeout."""
        one_job(job_id)
        if not isinstance(timeout, (int, float)) or not timeout >= 0:
            raise ValueError(f"timeout is {timeout!r}; allowed: seconds, from 0")
        self._job_id, self._timeout = job_id, timeout
        self._until = time.monotonic() + timeout
        self._next = PAUSES[0]

    def pause(self) -> float:
        """The seconds until the next look. Raises ResultTimeout when the time is up."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise ResultTimeout(f"job {self._job_id} has not ended within {self._timeout:g} s")
        pause = min(left, self._next)
        self._next = min(PAUSES[1], self._next * LENGTHEN)
        return pause


def _ended(engine: Engine, job_id: str) -> Stored | None:
    """The job if it has ended. Raises ResultGone if there is none."""
    status = engine.results.status(job_id)
    if status is not None and status not in ENDED:
        return None
    job = engine.find(job_id)
    if job is None:
        raise ResultGone(
            f"there is no job {job_id}: it may be done and not have been kept, because its class "
            "has no keepResult or its time is over, or it was deleted"
        )
    return job if job.status in ENDED else None


def _value(job: Stored) -> Any:
    if job.status == Status.FAILED:
        raise JobFailed(job.id, job.exception or "")
    if job.status == Status.CANCELLED:
        reason = f": {job.exception}" if job.exception else ""
        raise JobCancelled(f"job {job.id} was cancelled{reason}")
    if job.result is None or not job.result.is_kept:
        raise ResultGone(f"job {job.id} is done, but its result was not kept")
    return job.result.value

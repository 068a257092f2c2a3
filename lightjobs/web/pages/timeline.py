"""The way of a job, as far as it is stored: when it was created and due, how its attempts failed,
and how it ended."""

from __future__ import annotations

from typing import Any

from ...model import Status, Stored
from ...watching.shown_status import shown_status
from ..formatting import seconds_of
from ..listing.rows import first_line

Step = dict[str, Any]
"""`what` happened, `at` (unix seconds or stored text; None if that is not known), and the `worker`,
`seconds` and `error` of an attempt. `is_next` for what has not happened yet."""


def steps(job: Stored, now: float, started: float | None) -> list[Step]:
    """The steps of `job` in the order of their times. `started` is when its present run began."""
    past = [
        _step(
            f"attempt {error.attempt}" + ("" if error.kind == "error" else f": {error.kind}"),
            error.at,
            worker=error.worker,
            seconds=error.seconds,
            error=first_line(error.text),
        )
        for error in reversed(job.errors)
    ]
    coming = _coming(job, now)
    if coming is None:
        # Attempts that failed are before the time at which the job was due last.
        past.append(_step("due", job.scheduled_at))
    past.sort(key=lambda step: seconds_of(step["at"]) or 0.0)
    past.insert(0, _step("created", job.created_at))  # first also if clocks disagree
    if job.status == Status.QUEUED:
        past.append(_step(f"attempt {job.attempts} runs", started, worker=job.worker))
    elif job.failed_at is not None:
        ran = job.result
        worker, seconds = (None, None) if ran is None else (ran.worker, ran.seconds)
        step = _step(shown_status(job, now), job.failed_at, worker=worker, seconds=seconds)
        past.append(step)
    return past if coming is None else [*past, coming]


def _coming(job: Stored, now: float) -> Step | None:
    """What will be next, for a job that waits."""
    if job.status not in (Status.NEW, Status.PAUSED):
        return None
    words = f"attempt {job.attempts + 1}"
    if job.status == Status.PAUSED:
        words += ", once the job is resumed"
    return _step(words, job.scheduled_at, is_next=True)


def _step(
    what: str,
    at: float | str | None,
    *,
    worker: str | None = None,
    seconds: float | None = None,
    error: str | None = None,
    is_next: bool = False,
) -> Step:
    return {
        "what": what,
        "at": at,
        "worker": worker,
        "seconds": seconds,
        "error": error,
        "is_next": is_next,
    }

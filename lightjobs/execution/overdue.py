"""Whether it is too late for a run: see `deadlines`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ..errors import JobExpired, JobReleased, RateLimited, RetryUntilOver
from ..model import utc_text
from ..process import clock
from ..strtotime import strtotime
from .deadlines import Deadline
from .run import Run


def check(run: Run) -> None:
    """Raise JobExpired or RetryUntilOver if the run must not begin.

    A job that became due after its deadline was put back by hand, as by `job:retry`: it may run
    once.
    """
    now = clock.now()
    due = now - run.waited
    expires, until = _moment(run, "expires"), _moment(run, "retryUntil")
    if expires is not None and run.claim.attempts == 1 and due <= expires < now:
        raise JobExpired(f"expired: not started by {utc_text(expires)} UTC")
    if until is not None and until < now and (run.claim.attempts > 1 or due <= until):
        raise RetryUntilOver(f"retryUntil is over: no run begins after {utc_text(until)} UTC")


def instead(run: Run, error: JobReleased) -> BaseException:
    """What ends the run if it has asked to be repeated too late; otherwise `error`, by which it has
    asked. A job that met its rate limit has not been started. Never raises."""
    try:
        expires = _moment(run, "expires")
        is_first = isinstance(error, RateLimited) and run.claim.attempts == 1
        if is_first and expires is not None and expires < error.due:
            return JobExpired(
                f"expired: its rate limit lets it start after {utc_text(expires)} UTC"
            )
        if is_too_late(run, error.due):
            return RetryUntilOver("retryUntil is over before the next run could begin")
    except BaseException as broken:  # a method that decides a deadline raised
        return broken
    return error


def is_too_late(run: Run, due: float) -> bool:
    """Whether a further run that is due at `due` would begin after `retryUntil`."""
    until = _moment(run, "retryUntil")
    return until is not None and until < due


def _moment(run: Run, name: str) -> float | None:
    value: Deadline = getattr(run.job, name)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.timestamp()
    created = datetime.fromisoformat(run.claim.created_at).replace(tzinfo=UTC)
    if isinstance(value, str):
        return strtotime(value, created).timestamp()
    return created.timestamp() + (value.total_seconds() if isinstance(value, timedelta) else value)

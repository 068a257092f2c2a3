"""The outcome of a run that raised: whether it is repeated."""

from __future__ import annotations

from ..errors import (
    JobExpired,
    JobReleased,
    JobTimeout,
    PayloadError,
    PermanentJobFailure,
    RetryUntilOver,
    UnknownHandler,
)
from ..model import Expired, Failed, HandBack, Outcome, Release
from . import backoff, overdue
from .exception_text import describe
from .rate_limit import LimitUnknown
from .run import Run

_PERMANENT = (PermanentJobFailure, UnknownHandler, PayloadError, RetryUntilOver)
"""Errors after which no further attempt can succeed."""


def ending(run: Run, error: BaseException) -> BaseException:
    """The error that decides the outcome of a run that raised `error`.

    A handler that called release() or failPermanently() has decided it, even if an `except
    Exception` swallowed what these raise, a TaskGroup wrapped it or a `finally` raised over it.
    Only a timeout comes before that.
    """
    decided = None if run.context is None else run.context.ending
    deciding = error if decided is None or isinstance(error, JobTimeout) else decided
    if isinstance(deciding, JobReleased) and run.job is not None and run.job._has_deadlines:
        return overdue.instead(run, deciding)
    return deciding


def judge(run: Run, error: BaseException) -> Outcome:
    """The outcome of a run that was ended by `error`: released while attempts remain, else failed.
    Never raises."""
    claim, job = run.claim, run.job
    try:
        if isinstance(error, LimitUnknown):
            return HandBack(claim.id, claim.fence)
        if isinstance(error, JobExpired):
            return Expired(claim.id, claim.fence, str(error))
        if isinstance(error, JobReleased):
            attempts = {"count": claim.attempts, "keep": claim.attempts - 1, "reset": 0}
            return Release(claim.id, claim.fence, error.due, attempts[error.attempts])
        is_permanent = job is None or _is_any(error, (*_PERMANENT, *job.noRetry))
        if not is_permanent and claim.attempts < job.maxAttempts():
            due = backoff.due(job.retryAfter, claim.attempts)
            if not (job._has_deadlines and overdue.is_too_late(run, due)):
                return Release(claim.id, claim.fence, due, claim.attempts, describe(error))
    except BaseException as broken:  # a wrong retryAfter, or maxAttempts() raised
        error = broken
    return Failed(claim.id, claim.fence, describe(error))


def _is_any(error: BaseException, kinds: tuple[type[BaseException], ...]) -> bool:
    """Whether `error` is of one of `kinds`, or a group of nothing else. A group that holds another
    error too is not: without that one, the next run may well succeed."""
    if isinstance(error, kinds):
        return True
    if isinstance(error, BaseExceptionGroup):
        return all(_is_any(member, kinds) for member in error.exceptions)
    return False

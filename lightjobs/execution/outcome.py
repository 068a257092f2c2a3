"""The outcome of a run that raised: whether it is repeated, and the text kept when it failed."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

from ..errors import (
    JobReleased,
    JobTimeout,
    PayloadError,
    PermanentJobFailure,
    UnknownHandler,
)
from ..model import Failed, HandBack, Outcome, Release
from . import backoff
from .rate_limit import LimitUnknown
from .run import Run

EXCEPTION_BYTES = 16 * 1024
"""A failed job keeps at most this much of its exception's text."""

_PERMANENT = (PermanentJobFailure, UnknownHandler, PayloadError)
"""Errors after which no further attempt can succeed."""

_SELF_EXPLANATORY = (*_PERMANENT, JobTimeout)
"""Errors whose text says enough without the name of their type."""

_OWN_FOLDER = str(Path(__file__).parent.parent)


def ending(run: Run, error: BaseException) -> BaseException:
    """The error that decides the outcome of a run that raised `error`.

    A handler that called release() or failPermanently() has decided it, even if an `except
    Exception` swallowed what these raise, a TaskGroup wrapped it or a `finally` raised over it.
    Only a timeout comes before that.
    """
    decided = None if run.context is None else run.context.ending
    return error if decided is None or isinstance(error, JobTimeout) else decided


def judge(run: Run, error: BaseException) -> Outcome:
    """The outcome of a run that was ended by `error`: released while attempts remain, else failed.
    Never raises."""
    claim, job = run.claim, run.job
    try:
        if isinstance(error, LimitUnknown):
            return HandBack(claim.id, claim.fence)
        if isinstance(error, JobReleased):
            attempts = {"count": claim.attempts, "keep": claim.attempts - 1, "reset": 0}
            return Release(claim.id, claim.fence, error.due, attempts[error.attempts])
        is_permanent = job is None or isinstance(error, (*_PERMANENT, *job.noRetry))
        if not is_permanent and claim.attempts < job.maxAttempts():
            due = backoff.due(job.retryAfter, claim.attempts)
            return Release(claim.id, claim.fence, due, claim.attempts)
    except BaseException as broken:  # a wrong retryAfter, or maxAttempts() raised
        error = broken
    return Failed(claim.id, claim.fence, describe(error))


def describe(error: BaseException) -> str:
    """The text of `error` that is kept with a failed job: its type and message, then the traceback
    without lightjobs' own frames; at most EXCEPTION_BYTES of UTF-8. Never raises."""
    try:
        if isinstance(error, _SELF_EXPLANATORY):
            headline = str(error)
        else:
            headline = "".join(traceback.format_exception_only(error)).removesuffix("\n")
    except BaseException:
        headline = f"{type(error).__name__} (its text could not be made)"
    try:
        text = headline + _traceback(error)
    except Exception:
        text = headline
    kept = text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace")
    return kept[:EXCEPTION_BYTES].decode("utf-8", "ignore")


def _traceback(error: BaseException) -> str:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__, limit=-50)
        if not frame.filename.startswith(_OWN_FOLDER + os.sep)
    ]
    if not frames:
        return ""
    lines = "".join(traceback.format_list(frames)).rstrip()
    return f"\n\nTraceback (most recent call last):\n{lines}"

"""Middleware: what a project wants done around every job, listed in `config/jobs.py`."""

from __future__ import annotations

import logging
import time
from typing import Any

from ..model import Claim, Failed, NewJob, Release
from .async_bridge import Next
from .run import Run

_log = logging.getLogger("lightjobs.middleware")


class Middleware:
    """Subclass it and override what you need; one object of it is made for each process.

    `handle` is part of the run: what it raises counts as raised by the handler, and the job's
    timeout covers it. The others only look on: what they raise is logged and changes nothing.
    They are called in the thread, or on the event loop, where the push, the job or its hook runs.
    """

    awaits = True
    """False promises that `handle` awaits nothing but `next()` around a sync job, which then needs
    no event loop and is faster by 0.1 ms."""

    def on_push(self, job_id: str, job: NewJob) -> None:
        """Called in the program that dispatched, after the store has taken the job; with
        `connection=` that is before the caller's commit, and a rollback is not told."""

    def on_claim(self, claim: Claim) -> None:
        """Called when a worker takes up a job it claimed, before its payload is read."""

    async def handle(self, run: Run, next: Next) -> Any:
        """Called around each `handle()`: `await next()` runs the rest and gives its result."""
        return await next()

    def on_settle(self, run: Run) -> None:
        """Called after the store has accepted `run.outcome`: Done, Release or Failed. At most once
        a run, and not when the process dies before."""


class Logging(Middleware):
    """Logs each step of each job to `lightjobs.middleware`: pushed, claimed, and how it ended."""

    def on_push(self, job_id: str, job: NewJob) -> None:
        _log.info("pushed %s %s to %s", job.handler, job_id, job.queue)

    def on_claim(self, claim: Claim) -> None:
        _log.info(
            "claimed %s %s from %s, attempt %d",
            claim.handler,
            claim.id,
            claim.queue,
            claim.attempts,
            extra=_fields(claim),
        )

    def on_settle(self, run: Run) -> None:
        reason = "" if run.exception is None else f" by {type(run.exception).__name__}"
        ended = {Release: "released", Failed: "failed"}.get(type(run.outcome), "done")
        _log.log(
            logging.WARNING if ended == "failed" else logging.INFO,
            "%s %s %s%s",
            ended,
            run.claim.handler,
            run.claim.id,
            reason,
            extra=_fields(run.claim),
        )


class Timing(Middleware):
    """Logs to `lightjobs.middleware` how long each handler took, and how long after its dispatch
    it began. A subclass with `slow = 1.0` logs only those that took so many seconds."""

    awaits = False
    slow = 0.0

    async def handle(self, run: Run, next: Next) -> Any:
        since_dispatch = time.time() - run.job.context.queued_at.timestamp()
        started = time.perf_counter()
        try:
            return await next()
        finally:
            seconds = time.perf_counter() - started
            if seconds >= self.slow:
                _log.info(
                    "%s %s took %.4f s, begun %.0f s after its dispatch",
                    run.claim.handler,
                    run.claim.id,
                    seconds,
                    max(since_dispatch, 0.0),
                    extra=_fields(run.claim),
                )


def _fields(claim: Claim) -> dict[str, Any]:
    return {
        "job_id": claim.id,
        "job_handler": claim.handler,
        "job_queue": claim.queue,
        "job_attempt": claim.attempts,
    }

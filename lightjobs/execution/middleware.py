"""Middleware: code that a project runs around every job, listed in `config/jobs.py`."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from typing import Any

from ..model import Claim, Failed, NewJob, Release
from ..process import clock
from .async_bridge import Next
from .run import Run

_log = logging.getLogger("lightjobs.middleware")


class Middleware:
    """Subclass it and override the methods you need. One object is made for each process.

    `before_push` is part of the dispatch: what it raises reaches the caller, and nothing is stored.
    `handle` is part of the run: what it raises counts as raised by the handler, and the job's
    timeout includes it. The other methods only observe: what they raise is logged and changes
    nothing. Each is called in the thread, or on the event loop, that pushes the job, runs it or
    calls its hook.
    """

    awaits: bool | None = None
    """Whether `handle` awaits anything but `next()` around a sync job. None: this is read from the
    source of `handle`. If it does, `handle` runs on an event loop, which takes 0.1 ms; if not, it
    runs without one, as the sync handler does: code such as Django's that tells the two apart then
    treats both alike. Set it to False if `handle` awaits more only around async jobs."""

    def before_push(self, jobs: Sequence[NewJob]) -> Sequence[NewJob]:
        """Called in the program that dispatches, before the store is given `jobs`: all that one
        call dispatches, at most 5,000. Returns the jobs to store in their place, as many and in the
        same order. `with_options` adds to what travels with a job. After `dispatchAsync` it is
        called on the event loop, which it must not block."""
        return jobs

    def on_not_pushed(self, jobs: Sequence[NewJob], error: BaseException | None) -> None:
        """Called in the program that dispatches when the store has not taken `jobs`, or may not
        have. `error` says why; None: another scheduler has dispatched this moment."""

    def on_push(self, job_id: str, job: NewJob) -> None:
        """Called in the program that dispatches, after the store has taken the job. With
        `connection=` that is before the caller's commit, and a rollback is not reported. After
        `dispatchAsync` it is called in another thread, with the coroutine's context variables."""

    def on_claim(self, claim: Claim) -> None:
        """Called when a worker starts a job it has claimed, before the payload is decoded."""

    async def handle(self, run: Run, next: Next) -> Any:
        """Called around each `handle()`. `await next()` runs the rest of the chain and the handler,
        and returns the handler's result."""
        return await next()

    def on_end(self, run: Run) -> None:
        """Called when a run has ended, with its context variables; `run.outcome` says how. The
        store has yet to accept that. Unlike `handle` it is called for each run: also if the payload
        or the handler is wrong, or a rate limit is met, and in another process for a run that was
        killed at its timeout. It must be quick."""

    def on_settle(self, run: Run) -> None:
        """Called after the store has accepted `run.outcome`: Done, Release or Failed. Called at
        most once for each run, and not if the process dies before."""

    def close(self) -> None:
        """Called when a worker's process ends and runs no job any more, in a thread of its own.
        Together with the other middleware it has 2 seconds, then the process ends without it. Not
        called in programs that dispatch, nor by `lightjobs.worker()`, whose program goes on."""


class Logging(Middleware):
    """Logs each step of each job to `lightjobs.middleware`: pushed, claimed, and how it ended."""

    def before_push(self, jobs: Sequence[NewJob]) -> Sequence[NewJob]:
        """Called in the program that dispatches, before the store is given `jobs`: all that one
        call dispatches, at most 5,000. Returns the jobs to store in their place, as many and in the
        same order. `with_options` adds to what travels with a job. After `dispatchAsync` it is
        called on the event loop, which it must not block."""
        return jobs

    def on_not_pushed(self, jobs: Sequence[NewJob], error: BaseException | None) -> None:
        """Called in the program that dispatches when the store has not taken `jobs`, or may not
        have. `error` says why; None: another scheduler has dispatched this moment."""

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
    """Logs to `lightjobs.middleware` how long each handler took, and how long after its dispatch it
    began. A subclass that sets `slow = 1.0` logs only handlers that took at least one second."""

    awaits = False
    slow = 0.0
    """Seconds; faster handlers are not logged."""

    async def handle(self, run: Run, next: Next) -> Any:
        since_dispatch = clock.now() - run.job.context.queued_at.timestamp()
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


def with_options(job: NewJob, **values: Any) -> NewJob:
    """`job` with these values, which JSON can hold, in its options. They travel with it, through
    retries too: a worker finds them in `claim.options`, JSON text."""
    own = {} if job.options is None else json.loads(job.options)
    return job._replace(options=json.dumps({**own, **values}))


def _fields(claim: Claim) -> dict[str, Any]:
    return {
        "job_id": claim.id,
        "job_handler": claim.handler,
        "job_queue": claim.queue,
        "job_attempt": claim.attempts,
    }

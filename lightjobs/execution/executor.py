"""Running a claim: the class is looked up, its handler object made, the rate asked, `handle()`
called, and the outcome noted. Nothing here settles it.

`execute` is a coroutine for sync and async handlers alike. With a sync handler it never suspends,
so `async_bridge.drive` runs it to its end without an event loop. That costs a third of a
microsecond, and saves a second way to run a job.

The watch over timeouts (workers/timeouts.py) takes the frames above this file's for the handler's,
so `handle()` is called from here and nowhere else.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Generator
from contextvars import copy_context
from functools import partial
from typing import Any

from ..errors import JobTimeout, LightjobsError, RateLimited, StoreUnavailable
from ..model import Claim, Done, Outcome
from ..payloads import encoding
from ..process import clock
from . import following, job_values, middleware_chain, overdue, registry, results
from . import rate_limit as rates
from .async_bridge import finish, within
from .context import JobContext, RunStore
from .outcome import ending, judge
from .registry import RegisteredJob
from .run import Run

_log = logging.getLogger("lightjobs.worker")


async def execute(run: Run) -> Run:
    """Run the claim of `run` in a fresh handler object, note the outcome in `run`, and return it.

    If `run.store` says that the job's rate is used up, or does not answer, the handler is not
    called. Never raises: what a handler raises, SystemExit, KeyboardInterrupt and MemoryError
    included, becomes the outcome.
    """
    started = time.perf_counter()
    chain = middleware_chain.current
    try:
        if chain is not None and chain.claims:
            middleware_chain.claimed(run.claim)
        registered, job = _prepared(run)
        if registered.has_rate_limit and run.store is not None:
            _respect_rate(run, run.store, registry.handler_of(registered.job))
        is_wrapped = chain is not None and chain.handles
        if is_wrapped or registered.injected or job.timeout is not None:
            run.result = await handled(run)
        else:  # as `handled` does, without its coroutines: this is what most jobs take
            result = job.handle()
            if registered.is_async:
                run.result = await result
            elif result is not None:
                run.result = _completed(result, run)
        assert run.context is not None
        if run.context.ending is not None:
            raise run.context.ending
        plain = Done(run.claim.id, run.claim.fence)
        is_plain = run.result is None and job.keepResult is None and not run.options
        run.outcome = plain if is_plain else following.after(run, results.kept(run, plain, started))
    except BaseException as error:
        run.exception = ending(run, error)
        run.outcome = judge(run, run.exception)
    if run.is_completing:
        _close_transaction(run)
    run.seconds = time.perf_counter() - started
    if chain is not None and chain.ends:
        middleware_chain.ended(run)
    return run


def timed_out(claim: Claim, outcome: Outcome) -> Run:
    """The run of `claim` that ignored its timeout, was killed with its process and settled as
    `outcome`: made again for its hooks and its line in the job log. Never raises."""
    run = Run(claim)
    try:
        _prepared(run)
    except BaseException:
        _log.exception("job %s cannot be made again for its hooks", claim.id)
    run.exception = JobTimeout(getattr(run.job, "timeout", None))
    run.outcome = outcome
    copy_context().run(middleware_chain.ended, run)
    return run


async def handled(run: Run) -> Any:
    """The result of `handle()` of the run's job, with the middleware around it and, if the run has
    a watch over timeouts, within the job's timeout. Raises what they raise."""
    timeouts, seconds = run.timeouts, run.job.timeout
    if timeouts is None or seconds is None:
        return await _through_middleware(run)
    try:
        try:
            timeouts.arm(run, judge(run, JobTimeout(seconds)))
            result = _through_middleware(run)
            return await (within(seconds, result) if run.is_async else result)
        finally:
            timeouts.disarm(run)
    except JobTimeout as error:
        error.seconds = seconds
        raise


def _prepared(run: Run) -> tuple[RegisteredJob, Any]:
    """Look up the class of `run` and make its handler object, with payload and context. Raises
    JobExpired or RetryUntilOver if the run comes too late."""
    claim = run.claim
    registered = run.registered or run.look_up()
    run.job = job = registered.job()
    # First: onFailure may ask for the context whatever fails below.
    run.context = job.context = JobContext(claim, run.store)
    job.payload = encoding.decode(claim.payload)
    if registered.typed is not None:
        job.payload = registered.typed.load(job.payload)
    if claim.options is not None:
        run.options = job_values.restore(job, claim.options)
    if job._has_deadlines:
        overdue.check(run)
    return registered, job


def _respect_rate(run: Run, store: RunStore, handler: str) -> None:
    """Raises RateLimited when the rate of jobs of the class with this `handler` is used up,
    LimitUnknown when the store is away."""
    rate = rates.read(run.job.rateLimit(), handler)
    if rate is None:
        return
    try:
        wait = store.hit(rate.key, rate.limit, rate.window)
    except StoreUnavailable as error:
        raise rates.LimitUnknown from error
    if wait > 0:
        raise RateLimited(clock.now() + rate.delay(wait))


async def _through_middleware(run: Run) -> Any:
    chain, is_async = middleware_chain.current, run.is_async
    if chain is None or not chain.handles:
        return await _handle(run) if is_async else _handle_now(run)
    if is_async:
        return await middleware_chain.around(run, partial(_handle, run))
    return middleware_chain.around_sync(run, partial(_handle_now, run))


async def _handle(run: Run) -> Any:
    return await run.job.handle(**run.arguments("handle"))


def _handle_now(run: Run) -> Any:
    return _completed(run.job.handle(**run.arguments("handle")), run)


def _completed(result: Any, run: Run) -> Any:
    """The result of a sync handler. If it is to be awaited, as with a decorator's plain function
    around an async one, that is done. Raises TypeError for a generator, of which no line has run.
    """
    if not isinstance(result, Awaitable):
        if isinstance(result, (Generator, AsyncGenerator)):
            raise TypeError("handle() returned a generator, of which no line would be run")
        return result
    if run.timeouts is not None and run.job.timeout is not None:
        run.timeouts.call_off(run)  # from here on the event loop enforces it
        return finish(result, run.job.timeout)
    return finish(result)


def _close_transaction(run: Run) -> None:
    """Fail a run that ended with the transaction open in which it called complete(). The job would
    stay locked there for as long as the connection lives, and keep its worker waiting."""
    assert run.context is not None
    assert run.context.completion is not None
    try:
        if not run.context.completion.abandon():
            return
        raise LightjobsError(
            "the transaction of complete() was still open when handle() ended: it was rolled back"
        )
    except BaseException as error:
        if run.exception is None:
            run.exception = error
            run.outcome = judge(run, error)

"""Running one claim yields a value: the outcome. Nothing here talks to the store.

`execute` is a coroutine for sync and async handlers alike. A sync handler never suspends, so
`drive` runs it to its end without an event loop; that costs a third of a microsecond, and there
is one way to run a job instead of two.
"""

from __future__ import annotations

import json
import logging
import os
import time
import traceback
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ..errors import (
    JobReleased,
    JobTimeout,
    LightjobsError,
    PayloadError,
    PermanentJobFailure,
    RateLimited,
    StoreUnavailable,
    UnknownHandler,
)
from ..model import Claim, Done, Failed, HandBack, Outcome, Release
from ..payloads import encoding
from . import backoff, middleware_chain, registry
from . import rate_limit as rates
from .context import JobContext, RunStore
from .run import Run

EXCEPTION_BYTES = 16 * 1024
"""A failed job keeps at most this much of its exception's text."""

TRAVELLING = ("attempts", "retryAfter", "timeout")
"""Attributes that are stored with a job when they were set on it alone."""

HOPELESS = (PermanentJobFailure, UnknownHandler, PayloadError)
"""What no further attempt would mend."""

_TELLING = (*HOPELESS, JobTimeout)
"""What needs no type beside its text."""

_OWN_FOLDER = str(Path(__file__).parent.parent)
_log = logging.getLogger("lightjobs.worker")
T = TypeVar("T")


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise RuntimeError("a sync job, or middleware around one, awaited: it has no event loop")


def run_here(coroutine: Coroutine[Any, Any, T], needs_loop: bool) -> T:
    """The coroutine's result, in the calling thread; one that needs an event loop gets its own,
    in a thread of its own when this thread's loop is already running."""
    if not needs_loop:
        return drive(coroutine)
    import asyncio

    return _beside_loops(partial(asyncio.run, coroutine))


def _beside_loops(call: Callable[[], T]) -> T:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def needs_loop(claim: Claim) -> bool:
    """Whether running `claim` needs an event loop."""
    try:
        return registry.lookup(claim.handler).is_async
    except UnknownHandler:
        return False


async def execute(claim: Claim, store: RunStore | None = None, run: Run | None = None) -> Run:
    """Run `claim` in a fresh handler object, unless `store`, its engine, says that its rate is used
    up; None: there is none behind it. Never raises: what a handler raises, SystemExit,
    KeyboardInterrupt and MemoryError included, becomes the outcome. `run` is the object to note it
    in, for who looks in meanwhile."""
    run = run or Run(claim)
    started = time.perf_counter()
    try:
        has_middleware = middleware_chain.current is not None
        if has_middleware:
            middleware_chain.claimed(claim)
        registered, job = _prepared(run, store)
        if registered.has_rate_limit and store is not None:
            _respect_rate(run, store)
        if has_middleware or job.timeout is not None:
            await handled(run, registered.is_async)
        else:
            result = job.handle()
            if registered.is_async:
                await result
            elif result is not None:
                _ended(result, run)
        assert run.context is not None
        if run.context.ending is not None:
            raise run.context.ending
        run.outcome = Done(claim.id, claim.fence)
    except BaseException as error:
        run.exception = _what_ended(run, error)
        run.outcome = _judge(run, run.exception)
    if run.is_completing:
        _leave_nothing_open(run)
    run.seconds = time.perf_counter() - started
    return run


def _prepared(run: Run, store: RunStore | None) -> tuple[registry.RegisteredJob, Any]:
    """Make the handler object of `run`, with all it is entitled to."""
    claim = run.claim
    run.registered = registered = registry.lookup(claim.handler)
    run.job = job = registered.job()
    # First: onFailure may ask for it, whatever fails below.
    run.context = job.context = JobContext(claim, store)
    job.payload = encoding.decode(claim.payload)
    if registered.typed is not None:
        job.payload = registered.typed.load(job.payload)
    if claim.options is not None:
        for name, value in json.loads(claim.options).items():
            if name in TRAVELLING:
                setattr(job, name, backoff.from_json(value) if name == "retryAfter" else value)
    return registered, job


def timed_out(claim: Claim, outcome: Outcome) -> Run:
    """The run that was ended with its process for ignoring its timeout, and settled as `outcome`:
    for the hooks and lines that another process sees to. Never raises."""
    run = Run(claim)
    try:
        _prepared(run, None)
    except BaseException:
        _log.exception("job %s cannot be made again for its hooks", claim.id)
    run.exception = JobTimeout(getattr(run.job, "timeout", None))
    run.outcome = outcome
    return run


async def handled(run: Run, is_async: bool) -> Any:
    """What `handle()` of the run's job returns, with the middleware around it, and only until the
    job's timeout is over."""
    timeouts, seconds = run.timeouts, run.job.timeout
    if timeouts is None or seconds is None:
        return await _through(run, is_async)
    try:
        try:
            timeouts.arm(run, _judge(run, JobTimeout(seconds)))
            through = _through(run, is_async)
            return await (_within(seconds, through) if is_async else through)
        finally:
            timeouts.disarm(run)
    except JobTimeout as error:
        error.seconds = seconds
        raise


async def _through(run: Run, is_async: bool) -> Any:
    current = middleware_chain.current
    if current is None or not current.handles:
        return await _handle(run) if is_async else _handle_now(run)
    if is_async:
        return await middleware_chain.around(run, partial(_handle, run))
    if current.awaits:
        from .async_bridge import step_through  # brings asyncio

        around, handle = partial(middleware_chain.around, run), partial(_handle_now, run)
        return _beside_loops(partial(step_through, around, handle))
    # Driven here, so that one which awaits all the same fails the job and not the worker.
    return drive(middleware_chain.around(run, partial(_handle_as_promised, run)))


async def _handle(run: Run) -> Any:
    return await run.job.handle()


async def _handle_as_promised(run: Run) -> Any:
    return _handle_now(run)


def _handle_now(run: Run) -> Any:
    return _ended(run.job.handle(), run)


def _ended(result: Any, run: Run) -> Any:
    """The result of a sync handler, or of a plain function around an async one, as decorators
    make."""
    if not isinstance(result, Coroutine):
        return result
    if run.timeouts is not None and run.job.timeout is not None:
        run.timeouts.call_off(run)  # from here on an event loop sees to it
        result = _within(run.job.timeout, result)
    return run_here(result, True)


async def _within(seconds: float, coroutine: Coroutine[Any, Any, Any]) -> Any:
    import asyncio

    try:
        async with asyncio.timeout(seconds) as timeout:
            return await coroutine
    except TimeoutError as error:
        # Python before 3.11.4 does not name the cause.
        cause = error.__cause__ or error.__context__
        if not (timeout.expired() and isinstance(cause, asyncio.CancelledError)):
            raise  # the handler's own
        where = cause.__traceback__
        raise JobTimeout(seconds).with_traceback(where) from None


class _LimitUnknown(Exception):
    """The store did not say whether the job may run now."""


def _respect_rate(run: Run, store: RunStore) -> None:
    rate = rates.read(run.job.rateLimit(), run.claim.handler)
    if rate is None:
        return
    try:
        wait = store.limit(rate.key, rate.limit, rate.window)
    except StoreUnavailable as error:
        raise _LimitUnknown from error
    if wait > 0:
        raise RateLimited(time.time() + rate.delay(wait))


def _leave_nothing_open(run: Run) -> None:
    """Fail a run that ends without having ended the transaction in which it called complete(): the
    job would stay locked there, for as long as the connection lives, and keep its worker waiting.
    """
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
            run.outcome = _judge(run, error)


async def execute_hook(run: Run) -> None:
    """Call what there is to call once a run's outcome was accepted: the middleware, then the job's
    onSuccess or onFailure. What raises is logged and changes nothing."""
    middleware_chain.settled(run)
    if run.job is None or type(run.outcome) is Release:  # it is to run again
        return
    name = "onSuccess" if run.exception is None else "onFailure"
    try:
        if run.exception is not None:
            run.job.__dict__["exception"] = run.exception
        result = getattr(run.job, name)()
        if hook_needs_loop(run):
            await result
        elif isinstance(result, Coroutine):
            run_here(result, True)
    except BaseException:
        _log.exception(
            "%s of %s raised; the job's outcome stands",
            name,
            run.claim.handler,
            extra={"job_id": run.claim.id, "job_handler": run.claim.handler},
        )


def hook_needs_loop(run: Run) -> bool:
    """Whether the hook of this run needs an event loop."""
    name = "onSuccess" if run.exception is None else "onFailure"
    code = getattr(getattr(run.job, name, None), "__code__", None)
    return code is not None and bool(code.co_flags & 0x80)  # inspect.CO_COROUTINE


def _what_ended(run: Run, error: BaseException) -> BaseException:
    """`error`, or what the handler has said with release() or failPermanently(): an `except
    Exception` may have swallowed it, a TaskGroup wrapped it, a `finally` raised over it."""
    ending = None if run.context is None else run.context.ending
    return error if ending is None or isinstance(error, JobTimeout) else ending


def _judge(run: Run, error: BaseException) -> Outcome:
    """The outcome of a run that raised: released while attempts remain, else failed."""
    claim, job = run.claim, run.job
    try:
        if isinstance(error, _LimitUnknown):
            return HandBack(claim.id, claim.fence)
        if isinstance(error, JobReleased):
            attempts = {"count": claim.attempts, "keep": claim.attempts - 1, "reset": 0}
            return Release(claim.id, claim.fence, error.due, attempts[error.attempts])
        hopeless = job is None or isinstance(error, (*HOPELESS, *job.noRetry))
        if not hopeless and claim.attempts < job.maxAttempts():
            due = backoff.due(job.retryAfter, claim.attempts)
            return Release(claim.id, claim.fence, due, claim.attempts)
    except BaseException as broken:  # a wrong retryAfter, or maxAttempts() raising
        error = broken
    return Failed(claim.id, claim.fence, describe(error))


def describe(error: BaseException) -> str:
    """`error` as kept with a failed job: its type and message first, then the traceback without
    lightjobs' own frames; at most EXCEPTION_BYTES of UTF-8."""
    try:
        if isinstance(error, _TELLING):
            headline = str(error)
        else:
            headline = "".join(traceback.format_exception_only(error)).removesuffix("\n")
    except BaseException:
        headline = f"{type(error).__name__} (its text could not be made)"
    try:
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__, limit=-50)
            if not frame.filename.startswith(_OWN_FOLDER + os.sep)
        ]
        text = headline
        if frames:
            text += "\n\nTraceback (most recent call last):\n"
            text += "".join(traceback.format_list(frames)).rstrip()
    except Exception:
        text = headline
    kept = text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace")
    return kept[:EXCEPTION_BYTES].decode("utf-8", "ignore")

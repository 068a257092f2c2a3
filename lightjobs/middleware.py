"""Middleware: what a project wants done around every job, listed in `config/jobs.py`."""

from __future__ import annotations

import importlib
import inspect
import logging
import time
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, NamedTuple

from .errors import SettingsError
from .record import Claim, Failed, NewJob, Release
from .run import Run
from .text import shortened

Next = Callable[[], Coroutine[Any, Any, Any]]
_log = logging.getLogger("lightjobs.middleware")


class Middleware:
    """Subclass it and override what you need; one object of it is made for each process.

    `handle` is part of the run: what it raises counts as raised by the handler. The others only
    look on: what they raise is logged and changes nothing. They are called in the thread, or on
    the event loop, where the push, the job or its hook runs.
    """

    def on_push(self, job_id: str, job: NewJob) -> None:
        """Called in the program that dispatched, after the store has taken the job."""

    def on_claim(self, claim: Claim) -> None:
        """Called when a worker takes up a job it claimed, before its payload is read."""

    async def handle(self, run: Run, next: Next) -> Any:
        """Called around each `handle()`: `await next()` runs the rest and gives its result. Around
        a sync job nothing else may be awaited, since there is no event loop to wait on."""
        return await next()

    def on_settle(self, run: Run) -> None:
        """Called after the store has accepted `run.outcome`: Done, Release or Failed. At most once
        a run, and not when the process dies before."""


class Chain(NamedTuple):
    """The middleware of this process, in the order of the list, by the method they override."""

    pushes: tuple[Middleware, ...] = ()
    claims: tuple[Middleware, ...] = ()
    handles: tuple[Middleware, ...] = ()
    settles: tuple[Middleware, ...] = ()


_NONE = Chain()
chain: Chain | None = None
"""None when there is none, which is all that jobs ask then."""


def use(made: Chain | None) -> None:
    """Make `made` the middleware of this process."""
    global chain
    chain = made
    Run.watched = made is not None and bool(made.settles)


def load(entries: Sequence[Any]) -> Chain | None:
    """The chain of `entries`: subclasses of Middleware or their dotted paths. None for no entries.
    Raises SettingsError for anything else, and for one that cannot be imported or made."""
    if not entries:
        return None
    made = [_made(entry) for entry in entries]

    def overriding(name: str) -> tuple[Middleware, ...]:
        return tuple(m for m in made if getattr(type(m), name) is not getattr(Middleware, name))

    return Chain(*(overriding(name) for name in ("on_push", "on_claim", "handle", "on_settle")))


def pushed(ids: Sequence[str], jobs: Sequence[NewJob]) -> None:
    """Tell the chain that the store has taken `jobs`."""
    for middleware in _chain().pushes:
        for job_id, job in zip(ids, jobs, strict=True):
            _tell(Exception, middleware.on_push, job_id, job)


def claimed(claim: Claim) -> None:
    """Tell the chain that `claim` is about to be run."""
    for middleware in _chain().claims:
        _tell(BaseException, middleware.on_claim, claim)


def settled(run: Run) -> None:
    """Tell the chain that the outcome of `run` was accepted."""
    for middleware in _chain().settles:
        _tell(BaseException, middleware.on_settle, run)


def around(run: Run, handle: Next) -> Coroutine[Any, Any, Any]:
    """The chain's `handle` methods, the first outermost, around `handle`."""
    for middleware in reversed(_chain().handles):
        handle = partial(middleware.handle, run, handle)
    return handle()


def _chain() -> Chain:
    return chain or _NONE


def _tell(caught: type[BaseException], method: Callable[..., None], *what: Any) -> None:
    """Call `method` and log what it raises. A worker catches everything, as it does of handlers;
    in a program that dispatches, Ctrl-C and sys.exit() keep their meaning."""
    try:
        method(*what)
    except caught:
        _log.exception("%s raised; nothing else is changed by it", method.__qualname__)


def _made(entry: Any) -> Middleware:
    shown = shortened(entry if isinstance(entry, str) else repr(entry))
    made: Middleware | None = None
    try:
        kind = _imported(entry) if isinstance(entry, str) else entry
        if isinstance(kind, type) and issubclass(kind, Middleware):
            made = kind()
    except Exception as error:
        raise SettingsError(
            f"config/jobs.py: middleware names {shown}: {type(error).__name__}: {error}"
        ) from None
    if made is None:
        raise SettingsError(
            f"config/jobs.py: middleware names {shown}; allowed: subclasses of "
            "lightjobs.middleware.Middleware, or their dotted paths"
        )
    for name in ("on_push", "on_claim", "handle", "on_settle"):
        is_async = name == "handle"
        if inspect.iscoroutinefunction(getattr(made, name)) is not is_async:
            raise SettingsError(
                f"config/jobs.py: middleware names {shown}, whose {name} must be "
                f"{'an `async def`' if is_async else 'a plain `def`'}"
            )
    return made


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


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

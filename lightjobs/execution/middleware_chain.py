"""The middleware of this process: made from the settings, called around each job."""

from __future__ import annotations

import importlib
import inspect
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..errors import LightjobsError, SettingsError
from ..model import QUEUE_NAMES, Claim, NewJob, is_queue
from ..text import shortened
from .async_bridge import Next, drive_through, step_through
from .awaited import needs_loop
from .middleware import Middleware
from .run import Run

_log = logging.getLogger("lightjobs.middleware")


class Chain(NamedTuple):
    """For each method, the middleware that override it, in the order of the setting."""

    preparations: tuple[Middleware, ...] = ()
    failures: tuple[Middleware, ...] = ()
    pushes: tuple[Middleware, ...] = ()
    claims: tuple[Middleware, ...] = ()
    handles: tuple[Middleware, ...] = ()
    ends: tuple[Middleware, ...] = ()
    settles: tuple[Middleware, ...] = ()
    closes: tuple[Middleware, ...] = ()


_METHODS = (
    "before_push",
    "on_not_pushed",
    "on_push",
    "on_claim",
    "handle",
    "on_end",
    "on_settle",
    "close",
)
"""The methods of Middleware, in the order of the fields of Chain."""

CLOSE_SECONDS = 2.0
"""How long the middleware of a process that ends may take to close."""

_NONE = Chain()
current: Chain | None = None
"""None if no middleware is configured. A run then asks nothing else about it."""


_first: list[type[Middleware]] = []


def put_first(kind: type[Middleware]) -> None:
    """Have each chain that is loaded from now on begin with a `kind`: what a framework does around
    every job, without being named in the settings."""
    if kind not in _first:
        _first.append(kind)


def leave_out(kind: type[Middleware]) -> None:
    """Undo `put_first`, for the chains that are loaded from now on."""
    if kind in _first:
        _first.remove(kind)


def use(made: Chain | None) -> None:
    """Make `made` the middleware of this process. For `lightjobs.current`, which keeps it together
    with the settings and the engine."""
    global current
    current = made


def load(entries: Sequence[Any]) -> Chain | None:
    """The chain of `entries`, subclasses of Middleware or their dotted paths, behind what was put
    first, of which a kind is left out that is among `entries`; None if there is none. Raises
    SettingsError for any other entry, and for one that cannot be imported or made."""
    if not (entries or _first):
        return None
    listed = [_made(entry) for entry in entries]
    first = [kind for kind in _first if not any(isinstance(each, kind) for each in listed)]
    made = [*map(_made, first), *listed]

    def overriding(name: str) -> tuple[Middleware, ...]:
        return tuple(m for m in made if getattr(type(m), name) is not getattr(Middleware, name))

    return Chain(*map(overriding, _METHODS))


def prepared(jobs: Sequence[NewJob]) -> Sequence[NewJob]:
    """The jobs to push in place of `jobs`. Raises what the middleware raises, and LightjobsError
    when it returns what cannot be pushed."""
    for middleware in _chain().preparations:
        given = jobs
        jobs = middleware.before_push(given)
        if jobs is not given:
            _check(f"{type(middleware).__qualname__}.before_push", given, jobs)
    return jobs


def _check(where: str, given: Sequence[NewJob], made: object) -> None:
    if not isinstance(made, Sequence) or not all(type(each) is NewJob for each in made):
        raise LightjobsError(
            f"{where} returned {shortened(repr(type(made)))}; allowed: a sequence of NewJob"
        )
    if len(made) != len(given):
        raise LightjobsError(
            f"{where} was given {len(given)} jobs and returned {len(made)}; allowed: as many, in "
            "the same order"
        )
    for old, new in zip(given, made, strict=True):
        if new.queue != old.queue and not is_queue(new.queue):
            raise LightjobsError(
                f"{where} returned the queue {shortened(repr(new.queue))}; allowed: {QUEUE_NAMES}"
            )
        if new.options is not old.options and not _is_object(new.options):
            raise LightjobsError(
                f"{where} returned the options {shortened(repr(new.options))}; allowed: JSON text "
                "of an object, as with_options makes it, or None"
            )


def _is_object(options: object) -> bool:
    if options is None:
        return True
    return isinstance(options, str) and options.startswith("{") and options.endswith("}")


def not_pushed(jobs: Sequence[NewJob], error: BaseException | None) -> None:
    """Tell the middleware that the store has not taken `jobs`, or may not have."""
    for middleware in _chain().failures:
        _tell(Exception, middleware.on_not_pushed, jobs, error)


def pushed(ids: Sequence[str], jobs: Sequence[NewJob]) -> None:
    """Tell the middleware that the store has taken `jobs`."""
    for middleware in _chain().pushes:
        for job_id, job in zip(ids, jobs, strict=True):
            _tell(Exception, middleware.on_push, job_id, job)


def claimed(claim: Claim) -> None:
    """Tell the middleware that `claim` is about to be run."""
    for middleware in _chain().claims:
        _tell(BaseException, middleware.on_claim, claim)


def ended(run: Run) -> None:
    """Tell the middleware that `run` has its outcome."""
    for middleware in _chain().ends:
        _tell(BaseException, middleware.on_end, run)


def settled(run: Run) -> None:
    """Tell the middleware that the outcome of `run` was accepted."""
    for middleware in _chain().settles:
        _tell(BaseException, middleware.on_settle, run)


def close() -> None:
    """Close the middleware of this process, which is about to end; wait for it for CLOSE_SECONDS at
    most."""
    closing = _chain().closes
    if not closing:
        return

    def close_all() -> None:
        for middleware in closing:
            _tell(BaseException, middleware.close)

    thread = threading.Thread(target=close_all, daemon=True, name="closing")
    try:
        thread.start()
    except RuntimeError:  # at the limit of threads: it is bounded by what ends the process
        close_all()
        return
    thread.join(CLOSE_SECONDS)
    if thread.is_alive():
        _log.warning("middleware took longer than %g s to close; the process ends", CLOSE_SECONDS)


def around_sync(run: Run, handle: Callable[[], Any]) -> Any:
    """The result of a sync job's `handle` with the same around it. What awaits nothing but `next()`
    runs without an event loop, so its plain calls find what the handler's calls find: Django, for
    one, keeps another set of connections for threads in which a loop is running."""
    for middleware in reversed(_chain().handles):
        through = step_through if needs_loop(middleware) else drive_through
        handle = partial(through, partial(middleware.handle, run), handle)
    return handle()


def around(run: Run, handle: Next) -> Coroutine[Any, Any, Any]:
    """`handle` with the `handle` methods of the middleware around it, the first outermost."""
    for middleware in reversed(_chain().handles):
        handle = partial(middleware.handle, run, handle)
    return handle()


def _chain() -> Chain:
    return current or _NONE


def _tell(caught: type[BaseException], method: Callable[..., None], *arguments: Any) -> None:
    """Call `method` and log what it raises. A worker catches everything here, as from handlers. In
    a program that dispatches, Ctrl-C and sys.exit() keep their meaning."""
    try:
        method(*arguments)
    except caught:
        _log.exception("%s raised; this changes nothing else", method.__qualname__)


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
    for name in _METHODS:
        is_async = name == "handle"
        method = getattr(made, name)
        yields = inspect.isgeneratorfunction(method) or inspect.isasyncgenfunction(method)
        if yields or inspect.iscoroutinefunction(method) is not is_async:
            raise SettingsError(
                f"config/jobs.py: middleware names {shown}, whose {name} must be "
                f"{'an `async def`' if is_async else 'a plain `def`'} without yield"
            )
    return made


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)

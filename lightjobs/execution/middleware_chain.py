"""The middleware of this process: made from the settings, called around each job."""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..errors import SettingsError
from ..model import Claim, NewJob
from ..text import shortened
from .async_bridge import Next, drive_through, step_through
from .awaited import needs_loop
from .middleware import Middleware
from .run import Run

_log = logging.getLogger("lightjobs.middleware")


class Chain(NamedTuple):
    """For each method, the middleware that override it, in the order of the setting."""

    pushes: tuple[Middleware, ...] = ()
    claims: tuple[Middleware, ...] = ()
    handles: tuple[Middleware, ...] = ()
    settles: tuple[Middleware, ...] = ()


_NONE = Chain()
current: Chain | None = None
"""None if no middleware is configured. A run then asks nothing else about it."""


def use(made: Chain | None) -> None:
    """Make `made` the middleware of this process. For `lightjobs.current`, which keeps it together
    with the settings and the engine."""
    global current
    current = made


def load(entries: Sequence[Any]) -> Chain | None:
    """The chain of `entries`, subclasses of Middleware or their dotted paths; None for no entries.
    Raises SettingsError for any other entry, and for one that cannot be imported or made."""
    if not entries:
        return None
    made = [_made(entry) for entry in entries]

    def overriding(name: str) -> tuple[Middleware, ...]:
        return tuple(m for m in made if getattr(type(m), name) is not getattr(Middleware, name))

    return Chain(*(overriding(name) for name in ("on_push", "on_claim", "handle", "on_settle")))


def pushed(ids: Sequence[str], jobs: Sequence[NewJob]) -> None:
    """Tell the middleware that the store has taken `jobs`."""
    for middleware in _chain().pushes:
        for job_id, job in zip(ids, jobs, strict=True):
            _tell(Exception, middleware.on_push, job_id, job)


def claimed(claim: Claim) -> None:
    """Tell the middleware that `claim` is about to be run."""
    for middleware in _chain().claims:
        _tell(BaseException, middleware.on_claim, claim)


def settled(run: Run) -> None:
    """Tell the middleware that the outcome of `run` was accepted."""
    for middleware in _chain().settles:
        _tell(BaseException, middleware.on_settle, run)


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
    for name in ("on_push", "on_claim", "handle", "on_settle"):
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

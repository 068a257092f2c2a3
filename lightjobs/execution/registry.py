"""Handler names and the Job classes behind them. A name from the store is looked up here, and never
imported: anyone who can write to the queue could otherwise choose what a worker runs."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import traceback
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from ..errors import JobDefinitionError, SettingsError, UnknownHandler
from ..text import shortened
from . import definition, injection
from .handler_names import former_names, handler_name, loosely, place

if TYPE_CHECKING:
    from ..payloads.typed import Typed

BEGIN = "lightjobs.Begin"
"""The handler of the job with which a part of a batch begins that is itself a batch."""

READY_MADE = {
    "lightjobs.cleanup.CleanupJob": "lightjobs.cleanup",
    BEGIN: "lightjobs.ready_made.begin",
    "lightjobs.RunCommand": "lightjobs.schedule.loading",
}
"""The jobs that come with lightjobs, with their modules. These are imported at the first look-up:
few workers run such a job, and importing them would add 6 ms to the start of every worker."""

_OWN_FOLDER = Path(__file__).parent.parent


class RegisteredJob(NamedTuple):
    """A Job class and what the executor asks about it at every run, worked out once."""

    job: type[Any]
    is_async: bool
    has_success_hook: bool
    has_failure_hook: bool
    has_rate_limit: bool
    typed: Typed | None
    """Rebuilds the payload, if the class annotates one."""
    has_handle: bool
    injected: injection.Injected
    """The parameters of its methods that are filled; empty for nearly all classes."""


_registered: dict[str, RegisteredJob] = {}
"""The classes whose jobs can be run here, by handler name."""
_declared: dict[str, RegisteredJob] = {}
"""Those without handle(). Their jobs wait for a worker that has one, perhaps PHP's."""
_handlers: WeakKeyDictionary[type[Any], str] = WeakKeyDictionary()
"""By class, not in an attribute: a user might define one of the same name."""
_local: WeakKeyDictionary[type[Any], str] = WeakKeyDictionary()
"""The classes that no other process can find, with the reason."""
_examined: WeakKeyDictionary[type[Any], tuple[str, str | None]] = WeakKeyDictionary()
"""The classes that have been dispatched: their handler names, and what `_local` says of them."""


def register(job: type[Any], base: type[Any], typed: Typed | None) -> None:
    """Make `job` known under its handler name and its former ones. `base` is the class whose hooks
    and rate limit do nothing; `typed` is the type of the payload, if it has one.

    Raises JobDefinitionError when a name cannot be stored or another class has it. A class that
    is defined again (its module was reloaded) replaces the former one.
    """
    handler = handler_name(job)
    names = (handler, *former_names(job))
    for name in names:
        known = _registered.get(name) or _declared.get(name)
        if known is not None and place(known.job) != place(job):
            raise JobDefinitionError(
                f"two Job classes have the handler name {name!r}: {place(known.job)} and "
                f"{place(job)}; set a different `handler` on one of them"
            )
    registered = RegisteredJob(
        job,
        inspect.iscoroutinefunction(getattr(job, "handle", None)),
        job.onSuccess is not base.onSuccess,
        job.onFailure is not base.onFailure,
        job.rateLimit is not base.rateLimit,
        typed,
        job.handle is not base.handle,
        injection.of_job(job, base),
    )
    home, other = _registered, _declared
    if not registered.has_handle:
        home, other = other, home
    for name in names:
        home[name] = registered
        other.pop(name, None)
    _handlers[job] = handler
    reason = definition.local(job)
    if reason is not None:
        _local[job] = reason


def is_known(handler: str) -> bool:
    """Whether `lookup` finds a class."""
    return handler in _registered or handler in READY_MADE


def lookup(handler: str) -> RegisteredJob:
    """The class whose jobs are stored under `handler`. Raises UnknownHandler."""
    registered = _registered.get(handler)
    if registered is None and handler in READY_MADE:
        importlib.import_module(READY_MADE[handler])
        registered = _registered.get(handler)
    if registered is None and handler in _declared:
        raise UnknownHandler(f"{_declared[handler].job.__name__} has no handle() method here")
    if registered is None:
        raise UnknownHandler(
            f'no Job class is registered for the handler "{shortened(handler)}"; is its module in '
            "JOB_MODULES?"
        )
    return registered


def handler_of(job: type[Any]) -> str:
    """The name that jobs of the class `job` are stored under. Raises JobDefinitionError for Job
    itself, which has none."""
    try:
        return _handlers[job]
    except KeyError:
        raise JobDefinitionError(
            f"{place(job)} has no handler; allowed: a subclass of Job"
        ) from None


def to_dispatch(job: type[Any], is_shared: Callable[[], bool] | None) -> str:
    """The name to store jobs of the class `job` under. `is_shared` answers whether other processes
    are to run them; None: they are run here and now. Raises JobDefinitionError for a class that no
    worker can run, or find.

    A class is examined at its first dispatch; after that, this is one look-up.
    """
    known = _examined.get(job)
    if known is None:
        handler = handler_of(job)
        reason = definition.problem(job, handler not in _declared)
        if reason is not None:
            raise JobDefinitionError(reason)
        known = _examined[job] = handler, _local.get(job)
    handler, reason = known
    if reason is not None and is_shared is not None and is_shared():
        raise JobDefinitionError(reason)
    return handler


def find(name: str) -> type[Any]:
    """The class that a person means by `name`: the one with that handler name, or the only one that
    is called so. Upper and lower case and underscores count only if there are several.

    Raises UnknownHandler, which lists the known classes.
    """
    for module in READY_MADE.values():
        importlib.import_module(module)
    everything = _declared | _registered
    if name in everything:
        return everything[name].job
    jobs = {_handlers[each.job]: each.job for each in everything.values()}
    same = {handler: job for handler, job in jobs.items() if job.__name__ == name}
    if not same:
        meant = loosely(name)
        same = {
            handler: job
            for handler, job in jobs.items()
            if meant in (loosely(job.__name__), loosely(handler))
        }
    if len(same) == 1:
        return next(iter(same.values()))
    if same:
        raise UnknownHandler(f"several jobs are called {name!r}: {', '.join(sorted(same))}")
    names = sorted({job.__name__ for job in jobs.values()})
    near = get_close_matches(name, names, 1)
    hint = f", did you mean {near[0]}?" if near else ";"
    raise UnknownHandler(
        f'there is no job "{shortened(name)}"{hint} known: {", ".join(names) or "none"}'
    )


def as_stored(name: str) -> bool:
    """Whether `name` can only be a stored handler. Its class may be missing here, or be written in
    PHP."""
    return "\\" in name or "." in name


def stored(name: str) -> str:
    """The stored handler that a person means by `name`, which is a handler or the name of a class.
    Raises UnknownHandler."""
    if as_stored(name):
        return name
    return handler_of(find(name))


def handlers() -> list[str]:
    """The handler names of all registered classes, sorted, without former names. Those of
    READY_MADE are listed once they were looked up."""
    return sorted({_handlers[each.job] for each in (_declared | _registered).values()})


def problems() -> list[str]:
    """Why workers cannot run some of the registered classes. Left out are classes made to be
    derived from: abstract ones, and those without handle() that a subclass has been made of."""
    found = []
    for each in {*_registered.values(), *_declared.values()}:
        if inspect.isabstract(each.job) or (not each.has_handle and each.job.__subclasses__()):
            continue
        reason = definition.problem(each.job, each.has_handle) or _local.get(each.job)
        if reason is not None:
            found.append(f"{place(each.job)}: {reason}")
    return sorted(found)


def load(modules: Iterable[str]) -> None:
    """Import every module of the packages `modules`, so that their Job classes are registered.

    Raises SettingsError, with file and line, for the first module that cannot be imported.
    """
    problems = examine(modules)
    if problems:
        raise SettingsError(problems[0])


def examine(modules: Iterable[str]) -> list[str]:
    """As `load`, but go on after a problem, and return all of them."""
    problems: list[str] = []
    for name in modules:
        module = _import(name, problems)
        for info in pkgutil.walk_packages(
            getattr(module, "__path__", []), f"{name}.", onerror=lambda _name: None
        ):
            # walk_packages imports packages too; a failure is reported by _import, and only there.
            if not info.name.endswith(".__main__"):
                _import(info.name, problems)
    return problems


def _import(name: str, problems: list[str]) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        problems.append(_import_problem(name, error))
        return None


def _import_problem(name: str, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name == name.partition(".")[0]:
        return (
            f"JOB_MODULES names {name!r}, but there is no such package here; "
            "run this in the project's folder, or `lightjobs init`"
        )
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and _OWN_FOLDER not in Path(frame.filename).parents
    ]
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else name
    return f"{place}: {type(error).__name__}: {error}"

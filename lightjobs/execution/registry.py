"""Handler names and the Job classes behind them. A stored name is only ever looked up here."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import JobDefinitionError, SettingsError, UnknownHandler
from ..model import HANDLER_LENGTH
from ..text import shortened

if TYPE_CHECKING:
    from ..payloads.typed import Typed

LIGHTPACK_PACKAGE = "app_jobs"
LIGHTPACK_NAMESPACE = "App\\Jobs\\"
READY_MADE = {
    "lightjobs.cleanup.CleanupJob": "lightjobs.cleanup",
    "lightjobs.RunCommand": "lightjobs.schedule.loading",
}
"""The jobs that come with lightjobs, and what to import for them when they are first asked for,
since few workers run one, and each would pay 6 ms of its start for them."""

_OWN_FOLDER = Path(__file__).parent.parent


class Entry(NamedTuple):
    """A Job class and what the executor asks about it for every run, worked out once."""

    job: type[Any]
    is_async: bool
    has_success_hook: bool
    has_failure_hook: bool
    has_rate_limit: bool
    typed: Typed | None
    """What rebuilds the payload of a job that annotates one."""


_entries: dict[str, Entry] = {}


def register(job: type[Any], handler: str, base: type[Any]) -> None:
    """Make `job` known as `handler`. `base` is the class whose hooks and limit do nothing.

    Raises JobDefinitionError when another class has that name. A class defined again (a module
    reloaded) takes its own former place.
    """
    if not 0 < len(handler) <= HANDLER_LENGTH or not handler.isprintable():
        raise JobDefinitionError(
            f"{_place(job)}.handler is {shortened(handler)!r}; allowed: 1 to {HANDLER_LENGTH} "
            "printable characters"
        )
    known = _entries.get(handler)
    if known is not None and _place(known.job) != _place(job):
        raise JobDefinitionError(
            f"two Job classes have the handler name {handler!r}: {_place(known.job)} and "
            f"{_place(job)}; give one of them a `handler` of its own"
        )
    _entries[handler] = Entry(
        job,
        inspect.iscoroutinefunction(getattr(job, "handle", None)),
        job.onSuccess is not base.onSuccess,
        job.onFailure is not base.onFailure,
        job.rateLimit is not base.rateLimit,
        job._typed,
    )


def lookup(handler: str) -> Entry:
    """The class stored as `handler`. Raises UnknownHandler."""
    entry = _entries.get(handler)
    if entry is None and handler in READY_MADE:
        importlib.import_module(READY_MADE[handler])
        entry = _entries.get(handler)
    if entry is None:
        raise UnknownHandler(
            f'no Job class is registered for the handler "{shortened(handler)}"; is its module in '
            "JOB_MODULES?"
        )
    return entry


def find(name: str) -> type[Any]:
    """The class with handler `name`, or the only one whose class name is `name`.

    Raises UnknownHandler, listing what there is.
    """
    for module in READY_MADE.values():
        importlib.import_module(module)
    if name in _entries:
        return _entries[name].job
    same = {h: e.job for h, e in _entries.items() if e.job.__name__ == name}
    if len(same) == 1:
        return next(iter(same.values()))
    if same:
        raise UnknownHandler(f"several jobs are called {name!r}: {', '.join(sorted(same))}")
    known = ", ".join(sorted({e.job.__name__ for e in _entries.values()})) or "none"
    raise UnknownHandler(f'there is no job "{shortened(name)}"; known: {known}')


def as_stored(name: str) -> bool:
    """Whether `name` is a stored handler whatever is imported: its class may be gone, or PHP's."""
    return "\\" in name or "." in name


def stored(name: str) -> str:
    """The stored handler that a person means by `name`, a class name or a handler. Raises
    UnknownHandler."""
    if as_stored(name):
        return name
    handler: str = find(name)._handler
    return handler


def handlers() -> list[str]:
    """All registered handler names, sorted; of those that come with lightjobs, what was used."""
    return sorted(_entries)


def handler_name(job: type[Any]) -> str:
    """The name PHP would store for `job`: `App\\Jobs\\…` below `app_jobs`, else its dotted path."""
    own = job.__dict__.get("handler")
    if own is not None:
        return str(own)
    package, *rest = job.__module__.split(".")
    if package != LIGHTPACK_PACKAGE:
        return f"{job.__module__}.{job.__qualname__}"
    module = sys.modules.get(job.__module__)
    if rest and not hasattr(module, "__path__"):
        rest.pop()  # the module's own name does not count, a package's does
    namespace = "".join(studly(part) + "\\" for part in rest)
    return LIGHTPACK_NAMESPACE + namespace + job.__name__


def load(modules: Iterable[str]) -> None:
    """Import every module of the packages `modules`, so that their Job classes are registered.

    Raises SettingsError with file and line for the first that does not import.
    """
    problems = examine(modules)
    if problems:
        raise SettingsError(problems[0])


def examine(modules: Iterable[str]) -> list[str]:
    """As `load`, but goes on, and returns every problem."""
    problems: list[str] = []
    for name in modules:
        module = _import(name, problems)
        for info in pkgutil.walk_packages(
            getattr(module, "__path__", []), f"{name}.", onerror=lambda _name: None
        ):
            # walk_packages imports packages itself; a failure there is reported here, once.
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


def studly(name: str) -> str:
    """`send_email` as PHP names a class: `SendEmail`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split("_+", name) if part)


def _place(job: type[Any]) -> str:
    return f"{job.__module__}.{job.__qualname__}"

"""An engine of the project's own, by JOB_ENGINE=module:Class."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from inspect import isclass

from ..errors import LightjobsError, SettingsError
from ..text import shortened
from .batch_store import BatchStore
from .control import Engine
from .memory_monitoring import HistoryAlone
from .monitoring_store import MonitoringStore
from .result_store import NoResults, ResultStore
from .schedule_store import ScheduleStore
from .unique_store import UniqueStore
from .unstored import NoBatches, NoUnique

_ALLOWED = f"allowed: a subclass of {Engine.__module__}.{Engine.__name__}"


def connect(place: str) -> Engine:
    """An instance of the class at `place`, "module:Class", made without arguments.

    Raises SettingsError when there is no such class, when it lacks a verb of the seam, and when
    importing or making it raises.
    """
    module, _, name = place.partition(":")
    try:
        kind = _class(module, name)
        engine = kind()
        if getattr(engine, "name", None) is None:
            engine.name = place
        if not isinstance(getattr(engine, "monitoring", None), MonitoringStore):
            engine.monitoring = HistoryAlone()
        if not isinstance(getattr(engine, "results", None), ResultStore):
            engine.results = NoResults(engine.find)
        if not isinstance(getattr(engine, "unique", None), UniqueStore):
            engine.unique = NoUnique()
        if not isinstance(getattr(engine, "batches", None), BatchStore):
            engine.batches = NoBatches(engine.name)
        if not isinstance(getattr(engine, "schedule", None), ScheduleStore):
            raise _Refused(
                "its attribute `schedule` is missing; allowed: a ScheduleStore, such as "
                "lightjobs.engines.unstored.NoSchedule, which takes no entries"
            )
    except _Refused as error:
        raise SettingsError(f"JOB_ENGINE is {place!r}: {error}") from None
    except LightjobsError:
        raise
    except (Exception, SystemExit) as error:
        reason = f"{type(error).__name__}: {shortened(str(error), 200)}"
        raise SettingsError(f"JOB_ENGINE is {place!r}, which raises {reason}") from error
    return engine


class _Refused(Exception):
    """The reason for which a class is not an engine."""


def _class(module: str, name: str) -> type[Engine]:
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module is there, and what it imports is missing
        raise _Refused(f"there is no module {error.name!r} in the project or installed") from None
    kind = getattr(found, name, None)
    if kind is None:
        classes = [each for each, value in vars(found).items() if isclass(value)]
        near = get_close_matches(name, classes, 1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; {_ALLOWED}"
        raise _Refused(f"the module has no {name!r}{hint}")
    if not (isclass(kind) and issubclass(kind, Engine)):
        what = "the class does not derive from Engine" if isclass(kind) else "it is not a class"
        raise _Refused(f"{what}; {_ALLOWED}")
    if kind.__abstractmethods__:
        missing = ", ".join(sorted(kind.__abstractmethods__))
        raise _Refused(f"the class has no {missing}; allowed: one with every verb of JobStore")
    return kind

"""Which engines a scheduler can work with."""

from __future__ import annotations

from .. import current
from ..engines.control import Engine
from ..engines.unstored import UnstoredEngine
from ..errors import SettingsError


def unschedulable(engine: Engine) -> str | None:
    """Why a scheduler process cannot dispatch to this engine; None if it can."""
    if engine.unworkable is None:
        return None
    if isinstance(engine, UnstoredEngine):
        return f"{engine.unworkable} A scheduler has nothing to do either."
    return (
        f"{engine.unworkable} To dispatch the schedule, call lightjobs.worker(schedule=True) there."
    )


def schedulable_engine() -> Engine:
    """The engine of this process. Raises SettingsError if no scheduler process can dispatch to it,
    SchemaOutdated if its tables are missing or old."""
    engine = current.engine()
    if (reason := unschedulable(engine)) is not None:
        raise SettingsError(reason)
    if engine.schema is not None:
        engine.schema.ensure_current()
    return engine

"""The engine, for commands on jobs that other processes have dispatched."""

from __future__ import annotations

from .. import current
from ..engines.control import Engine
from ..errors import SettingsError


def persistent_engine(*but: str) -> Engine:
    """The engine of this process. Raises SettingsError for one, other than `but`, that is made for
    this command alone and keeps no jobs beyond it: whatever it answered would not be so."""
    was_there = current.is_made()
    engine = current.engine()
    if engine.unworkable is not None and not was_there and engine.name not in but:
        raise SettingsError(f"{engine.unworkable} Nor has this command any job to act on.")
    return engine

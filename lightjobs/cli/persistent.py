"""The engine for commands that act on jobs of other processes."""

from __future__ import annotations

from .. import current
from ..engines.control import Engine
from ..errors import SettingsError


def persistent_engine(*but: str) -> Engine:
    """The engine of this process. Raises SettingsError if it was created for this command and keeps
    its jobs in memory or not at all, so that its answers would mean nothing. `but` names engines
    that are allowed all the same."""
    existed = current.is_made()
    engine = current.engine()
    if engine.unworkable is not None and not existed and engine.name not in but:
        raise SettingsError(f"{engine.unworkable} This command has no jobs to act on either.")
    return engine

"""The engine for commands that act on jobs of other processes, or look at them."""

from __future__ import annotations

from .. import current
from ..engines import connect
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


def watched_engine() -> Engine:
    """The engine for a command that only looks: as `persistent_engine`, but nothing of the project
    is imported except its settings, so that its modules cannot fail the command."""
    if current.is_made():
        return current.engine()
    engine = connect(current.settings())
    if engine.unworkable is not None:
        raise SettingsError(f"{engine.unworkable} This command has nothing to look at either.")
    return engine

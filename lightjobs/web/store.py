"""The engine of the page, opened at the first request."""

from __future__ import annotations

import threading

from .. import current
from ..engines import connect
from ..engines.control import Engine


class Store:
    """Has the engine that was given, or makes the one that the settings choose when it is first
    asked for: a server that forks its processes must not share a connection among them."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine
        self._lock = threading.Lock()

    def engine(self) -> Engine:
        """Raises SettingsError."""
        with self._lock:
            if self._engine is None:
                self._engine = _configured()
            return self._engine


def _configured() -> Engine:
    if current.is_made():
        return current.engine()
    # Not current.engine(): that imports the project's middleware.
    engine = connect(current.settings())
    if engine.unworkable is None:
        return engine
    engine.close()
    return current.engine()  # the jobs are in this process, if anywhere

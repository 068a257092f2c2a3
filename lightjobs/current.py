"""The configured engine of this process."""

from __future__ import annotations

import threading

from .engines import connect
from .engines.control import Engine
from .execution import middleware_chain
from .settings.settings import Settings, load

_lock = threading.Lock()
_settings: Settings | None = None
_engine: Engine | None = None


def settings() -> Settings:
    """The settings, read from the current directory and the environment at the first call.

    Raises SettingsError.
    """
    global _settings
    with _lock:
        if _settings is None:
            _settings = load()
        return _settings


def engine() -> Engine:
    """The engine that JOB_ENGINE chooses, made at the first call and shared by all threads.

    Raises SettingsError.
    """
    global _engine
    if _engine is not None:
        return _engine
    configured = settings()
    # Outside the lock: it imports users' modules.
    middleware = middleware_chain.load(configured.middleware)
    with _lock:
        if _engine is None:
            middleware_chain.use(middleware)
            _engine = connect(configured)
        return _engine


def is_made() -> bool:
    """Whether this process has its engine, and may have jobs in it; for `memory` the only ones."""
    return _engine is not None


def use(engine: Engine | None, settings: Settings | None = None) -> None:
    """Make `engine` the one this process dispatches to; None means as configured, read anew."""
    global _engine, _settings
    middleware_chain.use(middleware_chain.load(settings.middleware if settings else ()))
    with _lock:
        _engine, _settings = engine, settings

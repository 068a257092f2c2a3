"""The settings, engine and middleware of this process, and the way its jobs reach the store."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from .engines import connect
from .engines.control import Engine
from .execution import job_values, middleware_chain
from .model import NewJob, Slot
from .settings.settings import RetryPolicy, Settings, load

_lock = threading.Lock()
_settings: Settings | None = None
_engine: Engine | None = None


def settings() -> Settings:
    """The settings, read from the current directory and the environment at the first call.

    Raises SettingsError.
    """
    global _settings
    if _settings is not None:
        return _settings
    with _lock:
        if _settings is None:
            _settings = load()
            job_values.use_policy(_settings.retry_policy)
        return _settings


def engine() -> Engine:
    """The engine that JOB_ENGINE chooses, made at the first call and shared by all threads.

    Raises SettingsError.
    """
    global _engine
    if _engine is not None:
        return _engine
    configured = settings()
    # Outside the lock: these import the project's modules, which may ask for the settings.
    middleware = middleware_chain.load(configured.middleware)
    made = connect(configured)
    with _lock:
        if _engine is None:
            middleware_chain.use(middleware)
            _engine = made
        used = _engine
    if used is not made:
        made.close()  # another thread was faster
    return used


def is_made() -> bool:
    """Whether this process has made its engine. The memory engine keeps its jobs in this process,
    so before that it has none."""
    return _engine is not None


def is_loaded() -> bool:
    """Whether this process has made its engine and read its settings, which takes 0.2 s."""
    return _engine is not None and _settings is not None


def use(engine: Engine | None, settings: Settings | None = None) -> None:
    """Make `engine` the engine of this process, with the middleware that `settings` name. With None
    the settings are read again, and the engine made, when next asked for. Raises SettingsError."""
    global _engine, _settings
    middleware_chain.use(middleware_chain.load(settings.middleware if settings else ()))
    with _lock:
        _engine, _settings = engine, settings
        job_values.use_policy(settings.retry_policy if settings else RetryPolicy())


def dispatch(jobs: Sequence[NewJob], connection: Any = None) -> list[str]:
    """Push `jobs` to the engine of this process, tell the middleware, and return the ids in order.
    All are stored or none.

    With `connection` they are pushed in the caller's transaction that is open there. Raises
    StoreUnavailable when the store did not take them, StoreInDoubt when it may have,
    SettingsError, and LightjobsError for a connection that does not lead to the store.
    """
    store = engine() if connection is None else engine().join(connection)
    ids = store.push(jobs)
    middleware_chain.pushed(ids, jobs)
    return ids


def dispatch_slots(slots: Sequence[Slot], engine: Engine) -> list[str | None]:
    """Push the slots of a schedule to `engine` and tell the middleware of the jobs it took. Returns
    their ids in order, None for a slot that was passed over or refused. Raises StoreUnavailable."""
    ids = engine.schedule.push_slots(slots)
    pushed = [
        (job_id, slot.job)
        for job_id, slot in zip(ids, slots, strict=True)
        if job_id is not None and slot.job is not None
    ]
    middleware_chain.pushed([job_id for job_id, _job in pushed], [job for _id, job in pushed])
    return ids

"""The settings, engine and middleware of this process, and the way its jobs reach the store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .engines import connect
from .engines.control import Engine
from .execution import job_values, middleware_chain
from .model import NewBatch, NewJob, Slot
from .settings.settings import RetryPolicy, Settings, load

_lock = threading.Lock()
_settings: Settings | None = None
_engine: Engine | None = None
_is_first = False
"""Whether the engine stands in for one that was not made yet."""
Transactions = Callable[[Sequence[NewJob], NewBatch | None], list[str] | None]
"""Pushes jobs, and the batch that they are part of, in the transaction that a framework has open,
and returns their ids; None if there is none."""

_transactions: Transactions | None = None


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


def made() -> tuple[Engine | None, Settings | None]:
    """The engine and the settings of this process, as far as they were made."""
    with _lock:
        return _engine, _settings


def use(engine: Engine | None, settings: Settings | None = None) -> None:
    """Make `engine` the engine of this process, with the middleware that `settings` name. With None
    the settings are read again, and the engine made, when next asked for. Raises SettingsError."""
    global _engine, _settings, _is_first
    middleware_chain.use(middleware_chain.load(settings.middleware if settings else ()))
    with _lock:
        _engine, _settings, _is_first = engine, settings, False
        job_values.use_policy(settings.retry_policy if settings else RetryPolicy())


def stand_in(engine: Engine, settings: Settings) -> None:
    """Make `engine` that of this process for a while, as for a test; `use` ends that."""
    global _is_first
    is_first = _is_first or _engine is None
    use(engine, settings)
    _is_first = is_first


def is_used() -> bool:
    """Whether this process has used its settings, so that it is too late to give it others. An
    engine that stands in for one which was not made does not count."""
    return made() != (None, None) and not _is_first


def announce_transactions(push: Transactions) -> None:
    """Have `push` asked first at each dispatch without `connection`."""
    global _transactions
    _transactions = push


def dispatch(
    jobs: Sequence[NewJob], connection: Any = None, batch: NewBatch | None = None
) -> list[str]:
    """Push `jobs`, as the middleware prepares them, to the engine of this process, tell the
    middleware, and return the ids in order. All are stored or none, together with the `batch` that
    they are part of.

    With `connection` they are pushed in the caller's transaction that is open there; without it, in
    that of a framework which has announced its own. Raises StoreUnavailable when the store did not
    take them, StoreInDoubt when it may have, SettingsError, and LightjobsError for a connection
    that does not lead to the store.
    """
    if connection is not None:
        transaction = engine().join(connection)
        push = transaction.push if batch is None else partial(transaction.push_batch, batch)
        return _pushed(push, jobs)
    if _transactions is not None:
        ids = _transactions(jobs, batch)
        if ids is not None:
            return ids
    return dispatch_now(jobs, batch)


def dispatch_now(jobs: Sequence[NewJob], batch: NewBatch | None = None) -> list[str]:
    """As `dispatch`, outside any transaction."""
    store = engine()
    push = store.push if batch is None else partial(store.batches.push, batch)
    return _pushed(push, jobs)


def _pushed(push: Callable[[Sequence[NewJob]], list[str]], jobs: Sequence[NewJob]) -> list[str]:
    jobs = middleware_chain.prepared(jobs)
    try:
        ids = push(jobs)
    except BaseException as error:
        middleware_chain.not_pushed(jobs, error)
        raise
    middleware_chain.pushed(ids, jobs)
    return ids


def prepared(job: NewJob) -> NewJob:
    """The job to push for a moment of the schedule, as the middleware prepares it: each by itself,
    since another scheduler may have dispatched some of them. Raises what the middleware raises."""
    return middleware_chain.prepared([job])[0]


def dispatch_slots(slots: Sequence[Slot], engine: Engine) -> list[str | None]:
    """Push the slots of a schedule, with jobs that are `prepared`, to `engine`, and tell the
    middleware what became of them. Returns their ids in order, None for a slot that was passed over
    or refused. Raises StoreUnavailable."""
    try:
        ids = engine.schedule.push_slots(slots)
    except BaseException as error:
        middleware_chain.not_pushed([slot.job for slot in slots if slot.job is not None], error)
        raise
    for slot, job_id in zip(slots, ids, strict=True):
        if slot.job is None:
            continue
        if job_id is None:
            middleware_chain.not_pushed([slot.job], None)
        else:
            middleware_chain.pushed([job_id], [slot.job])
    return ids

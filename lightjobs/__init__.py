"""lightjobs: a job queue for Python that speaks Lightpack."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .current import engine
from .errors import (
    JobDefinitionError,
    JobTimeout,
    LightjobsError,
    LockTaken,
    LoginRefused,
    PayloadError,
    PermanentJobFailure,
    SchemaOutdated,
    SettingsError,
    StaleClaim,
    StoreInDoubt,
    StoreUnavailable,
)
from .execution.backoff import Backoff
from .execution.context import JobContext
from .execution.lifecycle import on_start, on_stop
from .job_class import Job
from .job_function import job
from .version import __version__

if TYPE_CHECKING:
    from .coordination import Limiter, Lock, limiter, lock
    from .workers.embedded import worker

__all__ = [
    "Backoff",
    "Job",
    "JobContext",
    "JobDefinitionError",
    "JobTimeout",
    "LightjobsError",
    "Limiter",
    "Lock",
    "LockTaken",
    "LoginRefused",
    "PayloadError",
    "PermanentJobFailure",
    "SchemaOutdated",
    "SettingsError",
    "StaleClaim",
    "StoreInDoubt",
    "StoreUnavailable",
    "__version__",
    "engine",
    "job",
    "limiter",
    "lock",
    "on_start",
    "on_stop",
    "worker",
]

_LATE = {
    "worker": ".workers.embedded",
    **dict.fromkeys(("Limiter", "Lock", "limiter", "lock"), ".coordination"),
}
"""Imported at first use: a program that only dispatches is spared asyncio."""


def __getattr__(name: str) -> Any:
    if name in _LATE:
        return getattr(import_module(_LATE[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""lightjobs: a job queue for Python that speaks Lightpack."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    BatchEnded,
    JobCancelled,
    JobDefinitionError,
    JobExists,
    JobExpired,
    JobFailed,
    JobTimeout,
    LightjobsError,
    LockTaken,
    LoginRefused,
    PayloadError,
    PermanentJobFailure,
    ResultGone,
    ResultTimeout,
    RetryUntilOver,
    SchemaOutdated,
    SettingsError,
    StaleClaim,
    StoreInDoubt,
    StoreUnavailable,
)
from .version import __version__

if TYPE_CHECKING:
    from .configuration import configure
    from .coordination import Limiter, Lock, limiter, lock
    from .current import engine
    from .execution.backoff import Backoff
    from .execution.context import JobContext
    from .execution.lifecycle import on_start, on_stop
    from .flow.batches import batch
    from .flow.chains import chain
    from .job_class import Job
    from .job_function import job
    from .job_results import result, resultAsync
    from .workers.embedded import worker

__all__ = [
    "Backoff",
    "BatchEnded",
    "Job",
    "JobCancelled",
    "JobContext",
    "JobDefinitionError",
    "JobExists",
    "JobExpired",
    "JobFailed",
    "JobTimeout",
    "LightjobsError",
    "Limiter",
    "Lock",
    "LockTaken",
    "LoginRefused",
    "PayloadError",
    "PermanentJobFailure",
    "ResultGone",
    "ResultTimeout",
    "RetryUntilOver",
    "SchemaOutdated",
    "SettingsError",
    "StaleClaim",
    "StoreInDoubt",
    "StoreUnavailable",
    "__version__",
    "batch",
    "chain",
    "configure",
    "engine",
    "job",
    "limiter",
    "lock",
    "on_start",
    "on_stop",
    "result",
    "resultAsync",
    "worker",
]

_LATE = {
    "Backoff": ".execution.backoff",
    "Job": ".job_class",
    "JobContext": ".execution.context",
    "batch": ".flow.batches",
    "chain": ".flow.chains",
    "configure": ".configuration",
    "engine": ".current",
    "job": ".job_function",
    "on_start": ".execution.lifecycle",
    "on_stop": ".execution.lifecycle",
    "worker": ".workers.embedded",
    **dict.fromkeys(("result", "resultAsync"), ".job_results"),
    **dict.fromkeys(("Limiter", "Lock", "limiter", "lock"), ".coordination"),
}
"""Imported at first use: a program that only dispatches is spared asyncio, and a test run that has
the pytest plugin installed is spared all of it."""


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_LATE[name], __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

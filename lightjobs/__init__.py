"""lightjobs: a job queue for Python that speaks Lightpack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .current import engine
from .errors import (
    JobDefinitionError,
    JobTimeout,
    LightjobsError,
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
from .job_class import Job
from .job_function import job
from .version import __version__

if TYPE_CHECKING:
    from .workers.embedded import worker

__all__ = [
    "Backoff",
    "Job",
    "JobContext",
    "JobDefinitionError",
    "JobTimeout",
    "LightjobsError",
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
    "worker",
]


def __getattr__(name: str) -> Any:
    if name == "worker":  # imported at first use: a program that only dispatches is spared asyncio
        from .workers.embedded import worker

        return worker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

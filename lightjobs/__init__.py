"""lightjobs: a job queue for Python that speaks Lightpack."""

from .backoff import Backoff
from .context import JobContext
from .current import engine
from .errors import (
    JobDefinitionError,
    JobTimeout,
    LightjobsError,
    PayloadError,
    PermanentJobFailure,
    SchemaOutdated,
    SettingsError,
    StoreUnavailable,
)
from .job import Job
from .job_function import job

__version__ = "0.1.0"

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
    "StoreUnavailable",
    "engine",
    "job",
]

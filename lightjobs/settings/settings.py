"""The settings of a project, and reading them.

The files in `config/` set values themselves, or say which key of the environment does. What they do
not set, the environment sets. The defaults, which stand here, are applied last, to what is still
unset.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SettingsError
from ..model import DEFAULT_RETENTION, Retention
from ..payloads.encoding import MAX_BYTES
from . import config_files, database_settings, redis_settings, values
from .config_files import ConfigFile, Given
from .database_settings import DatabaseSettings
from .reader import Reader
from .redis_settings import RedisSettings
from .stores import ENGINES


class RetryPolicy(NamedTuple):
    """What counts for a job class that sets no value of its own. None: what counts without it."""

    attempts: int | None = None
    retry_after: Any = None
    """One or several strtotime expressions, or a Backoff."""
    timeout: float | None = None


class Settings(NamedTuple):
    """The settings of one project. Every value is present and has its type."""

    engine: str = "sync"
    """One of ENGINES, or the place of a class: "module:Class"."""
    modules: tuple[str, ...] = ("app_jobs",)
    """The packages that hold the project's jobs."""
    lease: float = 30.0
    """How many seconds a worker that has gone silent keeps its jobs."""
    unknown_after: float = 86400.0
    """How many seconds a job waits for a worker that knows its handler. Then it fails."""
    max_payload: int = MAX_BYTES
    """Bytes of JSON."""
    redis: RedisSettings = RedisSettings()
    database: DatabaseSettings = DatabaseSettings()
    retention: Retention = DEFAULT_RETENTION
    keep_history: bool = True
    """Whether workers note in the store how many jobs they run, and how long these take."""
    enqueue_timeout: float = 5.0
    """How many seconds a dispatch waits for a store that does not answer."""
    schedule_name: str = ""
    """What goes before the names of the schedule's entries, to tell them from those of another
    project in the same store."""
    middleware: tuple[Any, ...] = ()
    """Subclasses of Middleware or their dotted paths, which are not imported yet."""
    timeout_grace: float = 5.0
    """Seconds that a handler has after its timeout before its process is killed."""
    retry_policy: RetryPolicy = RetryPolicy()
    unset_in: Path | None = None
    """The folder that was searched for JOB_ENGINE if it is not set; None if it is."""


class Examination(NamedTuple):
    """The settings, with a wrong value replaced by its default, and what is wrong with them."""

    settings: Settings
    problems: list[str]
    """The problems that matter with the chosen engine."""
    hints: list[str]
    """What is wrong with the settings of other stores, and files in `config/` that are not read.
    They may not be meant for lightjobs."""
    unknown: list[str]
    """The keys in `config/` that nothing reads. They hinder no program: one that is rolled back
    may meet the keys of a later version."""
    store_is_known: bool
    """Whether the engine and its store are as configured, not defaults in place of wrong values."""


def load(project: Path | None = None) -> Settings:
    """The settings of the project in `project` (default: the current directory).

    Raises SettingsError for the first problem with them that matters with the chosen engine; it
    names the key and what is allowed.
    """
    examination = examine(project)
    if examination.problems:
        raise SettingsError(examination.problems[0])
    return examination.settings


def examine(project: Path | None = None) -> Examination:
    """The settings and every problem with them."""
    folder = project or Path.cwd()
    choice: list[str] = []
    jobs: list[str] = []
    database: list[str] = []
    sqlite_or_server: list[str] = []
    redis: list[str] = []
    of_redis: list[str] = []
    files = {
        name: _file(folder, name, problems)
        for name, problems in (("jobs", choice), ("database", database), ("redis", redis))
    }
    given = {name: file.given for name, file in files.items()}
    engine = Reader(given["jobs"], choice).value(
        "engine", "JOB_ENGINE", values.one_of_or_class(ENGINES), ""
    )
    settings = _jobs(Reader(given["jobs"], jobs))._replace(
        engine=engine or Settings().engine,
        unset_in=None if choice or engine else folder,
        database=database_settings.read(given["database"], database, sqlite_or_server),
        redis=redis_settings.read(given["redis"], redis, of_redis),
    )
    used = {"database": database, "redis": redis, "valkey": redis}.get(settings.engine, [])
    stores = (database, sqlite_or_server, redis)
    unused = [problem for each in stores if each is not used for problem in each]
    hints = of_redis if used is redis else []
    if choice:  # each store may be the one that is meant
        used, unused = unused, []
    return Examination(
        settings,
        problems=[*choice, *jobs, *used],
        hints=[
            *hints,
            *(file.ignored for file in files.values() if file.ignored),
            *(f"{problem}; not used with {_chosen(settings)}" for problem in unused),
        ],
        unknown=[key for file in files.values() for key in file.unknown],
        store_is_known=not (choice or used),
    )


def _chosen(settings: Settings) -> str:
    """What settles which settings of stores are used, in the words of the environment."""
    driver = f", DB_DRIVER={settings.database.driver}" if settings.engine == "database" else ""
    return f"JOB_ENGINE={settings.engine}{driver}"


def _file(folder: Path, name: str, problems: list[str]) -> ConfigFile:
    """What `config/<name>.py` comes to; nothing if there is a problem with the file."""
    try:
        return config_files.read(folder, name)
    except SettingsError as error:
        problems.append(str(error))
        return ConfigFile(Given({}, {}), [], None)


def _jobs(reader: Reader) -> Settings:
    """The settings in `config/jobs.py`, except for the engine."""
    value, default = reader.value, Settings()
    kept, retention = default.retention, values.retention
    return Settings(
        modules=value("modules", "JOB_MODULES", values.modules, default.modules),
        lease=value("lease", "JOB_LEASE", values.seconds(1), default.lease),
        unknown_after=value(
            "unknown_after", "JOB_UNKNOWN_AFTER", values.duration, default.unknown_after
        ),
        timeout_grace=value(
            "timeout_grace", "JOB_TIMEOUT_GRACE", values.seconds(0), default.timeout_grace
        ),
        max_payload=value("max_payload", "JOB_MAX_PAYLOAD", values.integer(1), default.max_payload),
        retention=Retention(
            completed=value("retain_completed", "RETAIN_COMPLETED", retention, kept.completed),
            failed=value("retain_failed", "RETAIN_FAILED", retention, kept.failed),
            cancelled=value("retain_cancelled", "RETAIN_CANCELLED", retention, kept.cancelled),
        ),
        keep_history=value("retain_history", "RETAIN_HISTORY", values.keep_or_drop, True),
        enqueue_timeout=value(
            "enqueue_timeout", "JOB_ENQUEUE_TIMEOUT", values.seconds(0.01), default.enqueue_timeout
        ),
        schedule_name=value(
            "schedule_name", "JOB_SCHEDULE_NAME", values.schedule_name, default.schedule_name
        ),
        retry_policy=RetryPolicy(
            value("attempts", "JOB_ATTEMPTS", values.integer(1, 1_000_000), None),
            value("retry_after", "JOB_RETRY_AFTER", values.retry_after, None),
            value("timeout", "JOB_TIMEOUT", values.timeout, None),
        ),
        middleware=value(
            "middleware", "middleware in config/jobs.py", values.middleware, default.middleware
        ),
    )

"""Settings: what `config/` and the environment say, checked, with the defaults applied last.

The files in `config/` name the environment's keys; without a `config/` of one's own the packaged
ones are used. Everything is checked in one pass, so that `lightjobs check` can list all problems.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from ..model import DEFAULT_RETENTION, Retention
from . import database_url, redis_url
from .duration import age

ENGINES = ("redis", "valkey", "database", "memory", "sync", "null")
DRIVERS = ("sqlite", "mysql", "mariadb", "pgsql")
BUILT_ENGINES = ENGINES
BUILT_DRIVERS = DRIVERS
TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True, slots=True)
class Settings:
    """One project's settings; every value is present and of its type."""

    engine: str
    modules: tuple[str, ...]
    lease: float
    """Seconds a silent worker keeps its jobs."""
    max_payload: int
    """Bytes."""
    redis: dict[str, Any] = field(repr=False)
    database: dict[str, Any] = field(repr=False)
    retention: Retention = DEFAULT_RETENTION
    enqueue_timeout: float = 5.0
    """Seconds after which dispatching gives up on a store that does not answer."""
    middleware: tuple[Any, ...] = ()
    """Subclasses of Middleware, or their dotted paths; not imported yet."""
    timeout_grace: float = 5.0
    """Seconds a handler has after its timeout before its process is ended."""


def load(project: Path | None = None) -> Settings:
    """The settings of the project in `project` (default: the current directory).

    Raises SettingsError naming the first wrong key and what is allowed.
    """
    settings, problems = examine(project)
    if problems:
        raise SettingsError(problems[0])
    return settings


def examine(project: Path | None = None) -> tuple[Settings, list[str]]:
    """The settings, and every problem found; a wrong value is replaced by its default."""
    project = project or Path.cwd()
    problems: list[str] = []

    def section(name: str) -> dict[str, Any]:
        try:
            return _config(project, name)
        except SettingsError as error:
            problems.append(str(error))
            return {}

    def value(found: dict[str, Any], name: str, key: str, parse: Parser, default: Any) -> Any:
        raw = found.get(name)
        if raw is None or raw == "":
            return default
        try:
            return parse(raw)
        except ValueError as error:
            problems.append(f"{key} is {raw!r}; allowed: {error}")  # no parser refuses a secret
            return default

    jobs, database, redis = section("jobs"), section("database"), section("redis")
    server, queue = redis.get("default") or {}, redis.get("jobs") or {}
    if not (isinstance(server, dict) and isinstance(queue, dict)):
        problems.append("config/redis.py: `default` and `jobs` in redis must be dicts")
        server, queue = {}, {}
    settings = Settings(
        engine=value(jobs, "engine", "JOB_ENGINE", _engine, "sync"),
        modules=value(jobs, "modules", "JOB_MODULES", _modules, ("app_jobs",)),
        lease=value(jobs, "lease", "JOB_LEASE", _seconds(1), 30.0),
        timeout_grace=value(jobs, "timeout_grace", "JOB_TIMEOUT_GRACE", _seconds(0), 5.0),
        max_payload=value(jobs, "max_payload", "JOB_MAX_PAYLOAD", _integer(1), 1024 * 1024),
        retention=Retention(
            completed=value(jobs, "retain_completed", "RETAIN_COMPLETED", _retention, 0.0),
            failed=value(jobs, "retain_failed", "RETAIN_FAILED", _retention, None),
            cancelled=value(jobs, "retain_cancelled", "RETAIN_CANCELLED", _retention, 0.0),
        ),
        enqueue_timeout=value(jobs, "enqueue_timeout", "JOB_ENQUEUE_TIMEOUT", _seconds(0.01), 5.0),
        middleware=value(jobs, "middleware", "middleware in config/jobs.py", _listed, ()),
        database=_database(database, value, problems),
        redis=_redis(server, queue, value, problems),
    )
    return settings, problems


def _redis(
    server: dict[str, Any], queue: dict[str, Any], value: Callable[..., Any], problems: list[str]
) -> Settled:
    """Redis' settings: what a URL does not say, the single keys do."""
    said: dict[str, Any] = {}
    if server.get("url"):
        try:
            said = redis_url.parse(str(server["url"]))
        except ValueError as error:  # its text never holds the URL: a password may be in it
            problems.append(f"REDIS_URL: {error}")
    server = {**server, **said}
    return {
        "host": value(server, "host", "REDIS_HOST", str, "127.0.0.1"),
        "port": value(server, "port", "REDIS_PORT", _integer(1, 65535), 6379),
        "username": value(server, "username", "REDIS_USERNAME", str, None),
        "password": value(server, "password", "REDIS_PASSWORD", str, None),
        "database": value(server, "database", "REDIS_DB", _integer(0), 0),
        "tls": value(server, "tls", "REDIS_TLS", _boolean, False),
        "tls_ca": value(server, "tls_ca", "REDIS_TLS_CA", _file, None),
        "tls_verify": value(server, "tls_verify", "REDIS_TLS_VERIFY", _boolean, True),
        "protocol": value(server, "protocol", "REDIS_PROTOCOL", _integer(2, 3), 2),
        # An empty one is one: Lightpack takes it so, and would use other keys than we.
        "prefix": "jobs:" if queue.get("prefix") is None else str(queue["prefix"]),
        "job_database": value(
            queue, "database", "REDIS_JOB_DB", _integer(0), said.get("database", 0)
        ),
        "format": value(queue, "format", "REDIS_JOB_FORMAT", _one_of("hash", "php"), "hash"),
    }


def _database(found: dict[str, Any], value: Callable[..., Any], problems: list[str]) -> Settled:
    """The database's settings: what a URL does not say, the single keys do."""
    if found.get("url"):
        try:
            found = {**found, **database_url.parse(str(found["url"]))}
        except ValueError as error:  # its text never holds the URL: a password may be in it
            problems.append(f"DATABASE_URL: {error}")
    driver = value(found, "driver", "DB_DRIVER", _driver, "sqlite")
    settled = {
        "driver": driver,
        "name": value(found, "name", "DB_NAME", str, "jobs.sqlite" if driver == "sqlite" else None),
        "synchronous": value(
            found, "synchronous", "DB_SYNCHRONOUS", _one_of("normal", "full"), "normal"
        ),
        "host": value(found, "host", "DB_HOST", str, "127.0.0.1"),
        "port": value(found, "port", "DB_PORT", _integer(1, 65535), None),
        "user": value(found, "user", "DB_USER", str, None),
        "password": value(found, "password", "DB_PSWD", str, None),
        "tls": value(found, "tls", "DB_TLS", _one_of("off", "on", "verify-ca", "verify"), None),
        "tls_ca": value(found, "tls_ca", "DB_TLS_CA", _file, None),
        "tls_cert": value(found, "tls_cert", "DB_TLS_CERT", _file, None),
        "tls_key": value(found, "tls_key", "DB_TLS_KEY", _file, None),
    }
    if settled["name"] is None:
        problems.append(f"DB_NAME is not set; DB_DRIVER={driver} needs the database's name")
    return settled


def _config(project: Path, name: str) -> dict[str, Any]:
    """The dict `name` that `config/<name>.py` defines, from the project or the package."""
    own = project / "config" / f"{name}.py"
    path = own if _is_ours(own) else TEMPLATES / "config" / f"{name}.py"
    namespace: dict[str, Any] = {"__name__": f"config.{name}", "__file__": str(path)}
    try:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), namespace)
    except SettingsError:
        raise
    except Exception as error:
        raise SettingsError(f"config/{name}.py{_line(error, path)}: {error!r}") from None
    values = namespace.get(name)
    if not isinstance(values, dict):
        raise SettingsError(f"config/{name}.py must define a dict called {name}")
    return values


def _is_ours(path: Path) -> bool:
    # Other programs have a config/database.py too; ours asks lightjobs for the environment.
    try:
        return "lightjobs" in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False


def _line(error: Exception, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f" line {error.lineno}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f" line {frames[-1].lineno}" if frames else ""


Parser = Callable[[Any], Any]
Settled = dict[str, Any]


def _one_of(*allowed: str) -> Parser:
    def parse(raw: Any) -> str:
        if str(raw).lower() not in allowed:
            raise ValueError(", ".join(allowed))
        return str(raw).lower()

    return parse


def _built(allowed: tuple[str, ...], built: tuple[str, ...]) -> Parser:
    known = _one_of(*allowed)

    def parse(raw: Any) -> str:
        name: str = known(raw)
        if name not in built:
            raise ValueError(f"{', '.join(built)} in this version ({name} is still to come)")
        return name

    return parse


_engine = _built(ENGINES, BUILT_ENGINES)
_driver = _built(DRIVERS, BUILT_DRIVERS)
_boolean_words = {"1": True, "true": True, "yes": True, "on": True} | {
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def _boolean(raw: Any) -> bool:
    try:
        return _boolean_words[str(raw).lower()]
    except KeyError:
        raise ValueError("true or false") from None


def _file(raw: Any) -> str:
    if not (Path(str(raw)).is_file() and os.access(str(raw), os.R_OK)):
        raise ValueError("a file that can be read")
    return str(raw)


def _integer(least: int, most: int | None = None) -> Parser:
    def parse(raw: Any) -> int:
        try:
            number = int(str(raw))
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise ValueError(
                f"a whole number from {least}" + (f" to {most}" if most is not None else "")
            )
        return number

    return parse


def _seconds(least: float) -> Parser:
    def parse(raw: Any) -> float:
        try:
            number = float(str(raw))
        except ValueError:
            number = -1.0
        if not least <= number < 1e9:
            raise ValueError(f"seconds, at least {least:g}")
        return number

    return parse


def _retention(raw: Any) -> float | None:
    """Seconds; 0 for drop, None for keep."""
    text = str(raw).strip().lower()
    if text in ("drop", "keep"):
        return 0.0 if text == "drop" else None
    try:
        return age(text)
    except ValueError:
        raise ValueError("drop, keep, or how long to keep, such as 7 days") from None


def _listed(raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, (list, tuple)):
        raise ValueError("a list of classes or their dotted paths")
    return tuple(raw)


def _modules(raw: Any) -> tuple[str, ...]:
    names = tuple(part.strip() for part in str(raw).split(",") if part.strip())
    if not names or not all(p.isidentifier() for name in names for p in name.split(".")):
        raise ValueError("names of importable packages, separated by commas")
    return names

"""The two stores between which `job:move` moves jobs, from its options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..engines import connect
from ..engines.control import Engine
from ..engines.transfer import transfers_of
from ..errors import LightjobsError, SettingsError
from ..settings import config_files, login, values
from ..settings.config_files import Elsewhere, Given
from ..settings.settings import Settings, examine
from ..text import shortened

STORES = ("redis", "valkey", "database")
"""The engines between which jobs are moved, besides those of a project's own."""

_KEYS = {"database": "DATABASE_URL", "redis": "REDIS_URL"}


class Side(NamedTuple):
    """A store, and what people call it."""

    engine: Engine
    name: str
    store: object
    """Equal for two sides whose settings name the same store."""


def side(option: str, engine: str, url: str | None) -> Side:
    """The store that the option `--from` or `--to` names with `engine` and, if it is given, with
    `url`; otherwise it is where the settings of the project say. Raises SettingsError."""
    name = _checked(option, engine)
    settings = _settings(option, name, url)
    made = connect(settings)
    try:
        transfers_of(made)
    except LightjobsError as error:
        raise SettingsError(f"{option}: {error}; allowed: {', '.join(STORES)}") from None
    return Side(made, *_described(settings))


def ensure_ready(option: str, engine: Engine) -> None:
    """Raises SchemaOutdated or StoreUnavailable, with the option in the text, if the store is not
    ready."""
    try:
        engine.ensure_ready()
    except LightjobsError as error:
        raise type(error)(f"{option}: {error}") from error


def _checked(option: str, engine: str) -> str:
    try:
        name = values.one_of_or_class(STORES)(engine)
    except ValueError as error:
        reason = "no other process can move its jobs; " if _is_unstored(engine) else ""
        raise SettingsError(
            f"{option} is {shortened(repr(engine))}; {reason}allowed: {error}"
        ) from None
    return name


def _is_unstored(engine: str) -> bool:
    return engine.lower() in ("memory", "sync", "null")


def _settings(option: str, engine: str, url: str | None) -> Settings:
    kind = "database" if engine == "database" else "redis"
    before = config_files.elsewhere()
    try:
        _read_instead("jobs", option, {"engine": engine})
        if url is not None:
            if engine not in STORES:
                raise SettingsError(f"{option}-url is only for {', '.join(STORES)}")
            config_files.read_elsewhere(
                kind, Elsewhere(f"{option}-url", lambda environment: _at(kind, url, environment))
            )
        found = examine()
    finally:
        config_files.restore_elsewhere(before)
    if found.problems:
        raise SettingsError(f"{option}: {_in_options(found.problems[0], option, url)}")
    return found.settings


def _read_instead(name: str, place: str, own: Mapping[str, Any]) -> None:
    config_files.read_elsewhere(name, Elsewhere(place, lambda environment: Given(own, environment)))


def _at(kind: str, url: str, environment: Mapping[str, Any]) -> Given:
    """The store at `url`. The environment describes another one, so only what is no part of an
    address counts of it."""
    if kind == "database":
        own = {"url": url}
        return Given(own, {"table_prefix": environment.get("table_prefix")})
    default, jobs = environment.get("default", {}), environment.get("jobs", {})
    kept = {
        "default": {"prefix": default.get("prefix")},
        "jobs": {name: jobs.get(name) for name in ("prefix", "format", "shards")},
    }
    return Given({"default": {"url": url}}, kept)


def _in_options(problem: str, option: str, url: str | None) -> str:
    """The problem in the words of the command line. It never quotes a URL."""
    if url is not None:
        for key in _KEYS.values():
            problem = problem.replace(key, f"{option}-url")
    return problem


def _described(settings: Settings) -> tuple[str, object]:
    if settings.engine == "database":
        database = settings.database
        place = (
            database.name if database.driver == "sqlite" else f"{database.name} at {database.host}"
        )
        return f"{database.driver} {place}", login.of_database(settings).store[1]
    if settings.engine in STORES:
        redis = settings.redis
        place = redis.master or f"{redis.host}:{redis.port}"
        name = f"{settings.engine} {place}/{redis.database}, prefix {redis.prefix}"
        return name, login.of_redis(settings).store[1]
    return settings.engine, settings.engine

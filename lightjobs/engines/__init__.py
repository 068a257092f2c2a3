"""The engines, and the one table that names them all. A project may have one of its own besides."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ..settings.settings import Settings
from . import own
from .control import Engine

ENGINES: Mapping[str, str] = {
    "redis": "redis.connect:connect",
    "valkey": "redis.connect:connect",
    "database": "sql.connect:connect",
    "memory": "memory:MemoryEngine",
    "sync": "sync:connect",
    "null": "null:NullEngine",
}
"""Where each name of JOB_ENGINE leads: to the class of an engine that needs no settings, or to a
function that makes an engine from the settings. A module is imported when it is chosen, so that a
process loads only the driver that it uses."""

DRIVERS: Mapping[str, str] = {
    "sqlite": "sql.sqlite:Sqlite",
    "mysql": "sql.mysql:Mysql",
    "mariadb": "sql.mysql:Mysql",
    "pgsql": "sql.postgres:Postgres",
}
"""The subclass of Database for each name of DB_DRIVER. It is made from a DatabaseSettings."""


def connect(settings: Settings) -> Engine:
    """The engine that `settings` choose. It connects to its store when it is first used. Raises
    SettingsError for a class of the project's own that is not an engine."""
    engine = _made(settings)
    engine.retention = settings.retention
    return engine


def _made(settings: Settings) -> Engine:
    if settings.engine not in ENGINES:
        return own.connect(settings.engine)
    found = resolve(ENGINES[settings.engine])
    engine: Engine = found() if isinstance(found, type) else found(settings)
    return engine


def resolve(place: str) -> Any:
    """The object at `place`, "module:name" within this package."""
    module, _, name = place.partition(":")
    return getattr(import_module(f".{module}", __name__), name)

"""The stores that every promise is tested on."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lightjobs.engines.control import Engine
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.settings.database_settings import DatabaseSettings

from .environment import engine_of
from .servers.mysql import MYSQL


class Store(NamedTuple):
    engine: Engine
    environment: dict[str, str] | None
    """What makes another process use the same store; None when no other process can."""


Make = Callable[[pytest.FixtureRequest], Store]


def _memory(request: pytest.FixtureRequest) -> Store:
    return Store(MemoryEngine(), None)


def _sqlite(request: pytest.FixtureRequest) -> Store:
    path = str(request.getfixturevalue("tmp_path") / "jobs.sqlite")
    return Store(
        SqlEngine(Sqlite(DatabaseSettings(name=path))), {"JOB_ENGINE": "database", "DB_NAME": path}
    )


@cache
def _migrated() -> Path:
    """A SQLite file as `migrate:up` makes it, to be copied: that takes a fourth of the time."""
    folder = tempfile.TemporaryDirectory(prefix="migrated-")
    atexit.register(folder.cleanup)
    path = Path(folder.name) / "jobs.sqlite"
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(path))))
    assert engine.schema
    engine.schema.install()
    engine.close()
    return path


def _redis(form: str, kind: str = "redis", server: str = "redis", **environment: str) -> Make:
    def make(request: pytest.FixtureRequest) -> Store:
        found: Any = request.getfixturevalue(f"clean_{server}")
        ours = {**found.environment, "JOB_ENGINE": kind, "REDIS_JOB_FORMAT": form, **environment}
        return Store(engine_of(ours), ours)

    return make


def _server(kind: str) -> Make:
    def make(request: pytest.FixtureRequest) -> Store:
        found: Any = request.getfixturevalue(f"clean_{kind}")
        return Store(found.engine(), found.environment)

    return make


STORES: dict[str, Make] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "redis-hash": _redis("hash"),
    "redis-php": _redis("php"),
    "valkey": _redis(
        "hash", "valkey", "valkey", REDIS_PROTOCOL="3", REDIS_JOB_PREFIX="ü*[a-z]{}?:"
    ),
    "cluster": _redis("hash", server="cluster", REDIS_JOB_PREFIX="{jobs}:"),
    "sharded": _redis("hash", REDIS_JOB_SHARDS="4"),
    "postgresql": _server("postgres"),
    "pgbouncer": _server("pgbouncer"),
    "mariadb": _server("mariadb"),
    **{name: _server(name) for name in MYSQL},
}
"""How each is made, with no jobs in it and not yet migrated."""


def migrated(name: str, request: pytest.FixtureRequest) -> Store:
    """The store of this name with no jobs in it, migrated."""
    made = STORES[name](request)
    if made.environment is not None and name == "sqlite":
        shutil.copy(_migrated(), made.environment["DB_NAME"])
    return made  # the servers' fixtures have migrated theirs

"""The engines, and the one place that knows them all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ..settings.settings import Settings
from .control import Engine

if TYPE_CHECKING:
    from .sql.database import Database


def connect(settings: Settings) -> Engine:
    """The engine that `settings` choose. A driver is imported only when its engine is chosen;
    nothing is connected to before the first call."""
    engine = _make(settings)
    engine.retention = settings.retention
    return engine


def _make(settings: Settings) -> Engine:
    match settings.engine:
        case "database":
            from .sql.engine import SqlEngine

            return SqlEngine(_database(settings.database), settings.enqueue_timeout)
        case "redis" | "valkey":
            from .redis.cluster import Node
            from .redis.connect import pool
            from .redis.engine import RedisEngine

            redis = settings.redis
            return RedisEngine(
                Node(partial(pool, redis)),
                redis["prefix"],
                redis["format"],
                settings.engine,
                settings.enqueue_timeout,
            )
        case "memory":
            from .memory import MemoryEngine

            return MemoryEngine()
        case "null":
            from .null import NullEngine

            return NullEngine()
        case _:
            from .sync import SyncEngine

            return SyncEngine()


def _database(settings: dict[str, Any]) -> Database:
    match settings["driver"]:
        case "pgsql":
            from .sql.postgres import Postgres

            return Postgres(settings)
        case "mysql" | "mariadb":
            from .sql.mysql import Mysql

            return Mysql(settings)
        case _:
            from .sql.sqlite import Sqlite

            return Sqlite(settings["name"], settings["synchronous"])

"""An empty place of its own in the configured store, for tests and for the torture: a file, a
schema, a database, or a prefix. It is removed afterwards."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import LightjobsError, SettingsError
from ..settings.database_settings import DatabaseSettings
from ..settings.redis_settings import RedisSettings
from ..settings.settings import Settings
from . import DRIVERS, resolve

REMOVAL_SECONDS = 20.0
"""How long removing is tried: processes that have just been killed may still hold locks, and a
server may be away for a moment."""

HAVING_STORES = ("redis", "valkey", "database")
"""The engines in whose stores there can be a place of one's own."""


@contextmanager
def own_place(settings: Settings, name: str, folder: Path | None = None) -> Iterator[Settings]:
    """Settings for a place called `name`, of letters, digits and underscores, in the store of
    `settings`, whose engine is one of HAVING_STORES. An SQLite file is made in `folder`, or else
    where the system has its temporary files.

    Raises LightjobsError when the place cannot be made or removed; the text says what is left.
    """
    if settings.engine in ("redis", "valkey"):
        prefix = f"{settings.redis.prefix}{name}:"
        others = tuple(other._replace(prefix=prefix) for other in settings.redis.others)
        redis = settings.redis._replace(prefix=prefix, others=others)
        try:
            yield settings._replace(redis=redis)
        finally:
            _remove_keys(redis)
    elif settings.engine != "database":
        raise SettingsError(f"JOB_ENGINE={settings.engine} has no store")
    elif settings.database.driver == "sqlite":
        try:
            own = tempfile.TemporaryDirectory(prefix=f"{name}-", dir=folder)
        except OSError as error:
            raise LightjobsError(f"there can be no file in {folder}: {error.strerror}") from error
        with own as path:
            database = settings.database._replace(name=str(Path(path) / "jobs.sqlite"))
            yield settings._replace(database=database)
    else:
        with _on_server(settings.database, name) as database:
            yield settings._replace(database=database)


@contextmanager
def _on_server(settings: DatabaseSettings, name: str) -> Iterator[DatabaseSettings]:
    """A schema of PostgreSQL, or a database of MySQL."""
    kind, own, end = "DATABASE", settings._replace(name=name), ""
    if settings.schema is not None:
        kind, own, end = "SCHEMA", settings._replace(schema=name), " CASCADE"
    elif settings.driver == "pgsql":
        path = ("options", f"-csearch_path={name}")
        kind, own, end = "SCHEMA", settings._replace(libpq=(*settings.libpq, path)), " CASCADE"
    server: Any = resolve(DRIVERS[settings.driver])(settings)
    try:
        server.apply([f"CREATE {kind} {name}"])
        try:
            yield own
        finally:
            _apply_patiently(server, f"DROP {kind} IF EXISTS {name}{end}")
    finally:
        server.close()


def _apply_patiently(server: Any, statement: str) -> None:
    def apply() -> None:
        server.apply([statement])

    _patiently(apply, statement)


def _patiently(remove: Callable[[], None], left: str) -> None:
    """Call `remove` until it does not raise. Raises LightjobsError, with what is `left` to do, when
    it takes too long."""
    until = time.monotonic() + REMOVAL_SECONDS
    while True:
        try:
            remove()
            return
        except LightjobsError as error:
            if time.monotonic() > until:
                raise LightjobsError(f"{error}; this is still to be done: {left}") from error
        time.sleep(0.5)


def _remove_keys(settings: RedisSettings) -> None:
    from .sharded.places import prefixes

    for server, prefix in prefixes(settings):
        _remove_prefix(server._replace(prefix=prefix))


def _remove_prefix(settings: RedisSettings) -> None:
    import redis

    from .redis.pool import pool

    def remove() -> None:
        address = None  # that of the settings; in a cluster another node may have the keys
        for _ in range(5):
            try:
                with redis.Redis(connection_pool=pool(settings, address)) as client:
                    client.exists(f"{settings.prefix}queues")
                    while keys := list(client.scan_iter(match=f"{pattern}*", count=1000)):
                        for key in keys:
                            client.unlink(key)
                return
            except redis.exceptions.MovedError as moved:
                address = (moved.host or settings.host, int(moved.port))
            except redis.RedisError as error:
                raise LightjobsError(str(error)) from error

    pattern = "".join(f"[{c}]" if c in "*?[\\" else c for c in settings.prefix)
    _patiently(remove, f"delete all keys that begin with {settings.prefix}")

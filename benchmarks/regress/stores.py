"""The stores of the comparison: a server for both trees, and how it becomes empty."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

from tests.support.servers.mariadb import mariadb_server
from tests.support.servers.postgres import postgres_server
from tests.support.servers.redis import redis_server
from tests.support.servers.sql import SqlServer


class Store(NamedTuple):
    """What tells lightjobs where it is, how to empty it, its version, and the program that
    measures on it."""

    environment: dict[str, str]
    empty: Callable[[], object]
    version: dict[str, str]
    program: str = "benchmarks.regress.measure"


@contextlib.contextmanager
def _redis() -> Iterator[Store]:
    with redis_server() as server, server.client() as client:
        version = str(client.info("server")["redis_version"])
        yield Store(server.environment, server.empty, {"redis": version})


@contextlib.contextmanager
def _sql(name: str, server: AbstractContextManager[SqlServer], version: str) -> Iterator[Store]:
    with server as running:
        number = str(running.query(version)[0][0]).split()[0].split("-")[0]
        # Each tree has tables of its own making.
        yield Store(running.environment, running.reset, {name: number})


def _postgresql() -> AbstractContextManager[Store]:
    return _sql("postgresql", postgres_server(), "SHOW server_version")


def _mariadb() -> AbstractContextManager[Store]:
    return _sql("mariadb", mariadb_server(), "SELECT version()")


def _sqlite() -> AbstractContextManager[Store]:
    # DB_NAME is a file in the folder of the turn, which is the current directory.
    environment = {"JOB_ENGINE": "database", "DB_DRIVER": "sqlite", "DB_NAME": "jobs.sqlite"}
    return contextlib.nullcontext(Store(environment, lambda: None, {}))


def _memory() -> AbstractContextManager[Store]:
    environment = {"JOB_ENGINE": "memory"}
    program = "benchmarks.regress.embedded"
    return contextlib.nullcontext(Store(environment, lambda: None, {}, program))


STORES: dict[str, tuple[Callable[[], AbstractContextManager[Store]], int]] = {
    "sqlite": (_sqlite, 60_000),
    "redis": (_redis, 60_000),
    "postgresql": (_postgresql, 50_000),
    "mariadb": (_mariadb, 30_000),
    "memory": (_memory, 60_000),
}
"""By name, with the number of jobs that a turn drains. No server waits for the disk: what is
compared is lightjobs."""

"""Connections of a program that keeps its own data where its jobs are: SQLite, PostgreSQL, MariaDB,
MySQL, each with a table `effects` of its own."""

from __future__ import annotations

import contextlib
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import psycopg
import pymysql
import pytest

from lightjobs.engines.control import Engine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.settings.database_settings import DatabaseSettings

from .servers.mysql import MYSQL

EFFECTS = "CREATE TABLE IF NOT EXISTS effects (n int)"


class Caller(ABC):
    """A program's database."""

    dialect: str
    """Its engine's: sqlite, postgres or mysql."""
    engine: Engine
    environment: dict[str, str]
    mark = "%s"

    @abstractmethod
    def connect(self, **options: Any) -> Any:
        """A connection of the program's own, with the driver's options."""

    @abstractmethod
    def url(self) -> str:
        """The database's URL as SQLAlchemy reads it."""

    @contextlib.contextmanager
    def connected(self, **options: Any) -> Iterator[Any]:
        connection = self.connect(**options)
        try:
            yield connection
        finally:
            with contextlib.suppress(pymysql.MySQLError):  # "Already closed"
                connection.close()

    def effect(self, connection: Any, n: int = 1) -> None:
        """What the program does in the same transaction."""
        cursor = connection.cursor()
        cursor.execute(f"INSERT INTO effects VALUES ({self.mark})", (n,))  # noqa: S608
        cursor.close()

    def effects(self) -> list[int]:
        """What of that others can see."""
        with self.connected() as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT n FROM effects ORDER BY n")
            return [row[0] for row in cursor.fetchall()]


class _Lite(Caller):
    dialect = "sqlite"
    mark = "?"

    def __init__(self, path: str) -> None:
        self.path = path
        self.environment = {"JOB_ENGINE": "database", "DB_DRIVER": "sqlite", "DB_NAME": path}
        self.engine = SqlEngine(Sqlite(DatabaseSettings(name=path)))
        self.engine.schema.install()
        with self.connected() as connection:
            connection.execute(EFFECTS)

    def connect(self, **options: Any) -> Any:
        return sqlite3.connect(self.path, **options)

    def url(self) -> str:
        return f"sqlite:///{self.path}"


class _Served(Caller):
    def __init__(self, server: Any) -> None:
        self.server = server
        self.dialect = server.dialect
        self.environment = server.environment
        self.engine = server.engine()
        with self.connected() as connection:
            cursor = connection.cursor()
            cursor.execute(EFFECTS)
            cursor.execute("DELETE FROM effects")
            connection.commit()

    def login(self, name: str) -> dict[str, Any]:
        given = self.server.settings
        return {key: getattr(given, key) for key in ("host", "port", "user", "password")} | {
            name: given.name
        }

    def connect(self, **options: Any) -> Any:
        if self.dialect == "postgres":
            return psycopg.connect(**self.login("dbname"), **options)
        return pymysql.connect(**self.login("database"), **options)

    def url(self) -> str:
        scheme = "postgresql+psycopg" if self.dialect == "postgres" else "mysql+pymysql"
        login = self.login("name")
        return (
            f"{scheme}://{login['user']}:{login['password']}@{login['host']}:{login['port']}"
            f"/{login['name']}"
        )


@contextlib.contextmanager
def made(kind: str, request: pytest.FixtureRequest) -> Iterator[Caller]:
    """The caller of that kind, until it is over."""
    caller: Caller
    if kind == "sqlite":
        caller = _Lite(str(request.getfixturevalue("tmp_path") / "own.sqlite"))
    else:
        caller = _Served(request.getfixturevalue(f"clean_{kind}"))
    try:
        yield caller
    finally:
        caller.engine.close()


@pytest.fixture(params=["sqlite", "postgres", "pgbouncer", "mariadb", *MYSQL])
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """Each in turn; import `clean_postgres` and `clean_mariadb`, too."""
    with made(request.param, request) as found:
        yield found


@pytest.fixture(params=["postgres", "mariadb", *MYSQL])
def served(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """Those behind a server."""
    with made(request.param, request) as found:
        yield found

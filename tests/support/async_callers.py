"""Connections for asyncio of a program that keeps its own data where its jobs are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from lightjobs.model import NewJob

from .callers import Caller, made
from .servers.mysql import MYSQL

T = TypeVar("T")

Way = Callable[..., AbstractAsyncContextManager[Any]]
"""Opens a connection to a caller's database; keywords are those of `create_async_engine`."""


def _connection(driver: str) -> Way:
    @asynccontextmanager
    async def connection(caller: Caller, **options: Any) -> AsyncIterator[Any]:
        engine = _engine(caller, driver, options)
        try:
            async with engine.connect() as connection:
                yield connection
        finally:
            await engine.dispose()

    return connection


def _session(driver: str) -> Way:
    @asynccontextmanager
    async def session(caller: Caller, **options: Any) -> AsyncIterator[Any]:
        engine = _engine(caller, driver, options)
        try:
            async with AsyncSession(engine) as session:
                yield session
        finally:
            await engine.dispose()

    return session


@asynccontextmanager
async def _psycopg(caller: Any, **options: Any) -> AsyncIterator[Any]:
    autocommit = options.get("isolation_level") == "AUTOCOMMIT"
    connection = await psycopg.AsyncConnection.connect(
        **caller.login("dbname"), autocommit=autocommit
    )
    try:
        yield connection
    finally:
        await connection.close()


def _engine(caller: Caller, driver: str, options: dict[str, Any]) -> AsyncEngine:
    if driver.endswith("psycopg"):
        options = {**options, "connect_args": {"prepare_threshold": None}}  # as PgBouncer needs it
    return create_async_engine(f"{driver}:{caller.url().partition(':')[2]}", **options)


WAYS: dict[str, tuple[str, Way]] = {
    "aiosqlite-session": ("sqlite", _session("sqlite+aiosqlite")),
    "aiosqlite-connection": ("sqlite", _connection("sqlite+aiosqlite")),
    "asyncpg-session": ("postgres", _session("postgresql+asyncpg")),
    "asyncpg-connection": ("postgres", _connection("postgresql+asyncpg")),
    "psycopg-session": ("postgres", _session("postgresql+psycopg")),
    "psycopg-own": ("postgres", _psycopg),
    "pgbouncer-connection": ("pgbouncer", _connection("postgresql+psycopg")),
    "pgbouncer-own": ("pgbouncer", _psycopg),
    "asyncmy-session": ("mariadb", _session("mysql+asyncmy")),
    "aiomysql-connection": ("mariadb", _connection("mysql+aiomysql")),
}
"""The kind of caller of each way, and the way."""
for _name in MYSQL:
    WAYS[f"{_name}-asyncmy"] = (_name, _session("mysql+asyncmy"))
    WAYS[f"{_name}-aiomysql"] = (_name, _connection("mysql+aiomysql"))


def ways(*kinds: str) -> list[str]:
    """The names of the ways to callers of these kinds."""
    return [name for name, (kind, _way) in WAYS.items() if kind in kinds]


async def run(connection: Any, sql: str) -> None:
    """Run a statement of the program's own."""
    if isinstance(connection, psycopg.AsyncConnection):
        await connection.execute(sql.encode())
    elif isinstance(connection, AsyncSession):
        await (await connection.connection()).exec_driver_sql(sql)
    else:
        await connection.exec_driver_sql(sql)


class Asynchronous:
    """A caller, and a way to connect to it from an event loop."""

    def __init__(self, caller: Caller, way: Way) -> None:
        self.caller: Any = caller
        self.engine: Any = caller.engine
        self._way = way

    def inside(self, use: Callable[[Any], Coroutine[Any, Any, T]], **options: Any) -> T:
        """Run `use` with a connection on an event loop."""

        async def main() -> T:
            async with self._way(self.caller, **options) as connection:
                return await use(connection)

        return asyncio.run(main())

    async def push(self, connection: Any, *jobs: NewJob) -> list[str]:
        """Dispatch in the transaction of `connection`."""
        ids: list[str] = await self.engine.join_async(connection).push(jobs)
        return ids


def opened(request: pytest.FixtureRequest) -> Iterator[Asynchronous]:
    """For a fixture whose parameter names one of WAYS."""
    kind, way = WAYS[request.param]
    with made(kind, request) as caller:
        yield Asynchronous(caller, way)

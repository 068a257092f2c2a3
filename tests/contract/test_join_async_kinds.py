"""Which connections of an event loop are taken, and what is said of others."""

from __future__ import annotations

import asyncio
import threading

import pytest
import sqlalchemy.exc
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker
from sqlalchemy.ext.asyncio import create_async_engine as engine_for

from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.null import NullEngine
from lightjobs.errors import LightjobsError, SchemaOutdated
from tests.support.async_callers import WAYS, Asynchronous, opened, run, ways
from tests.support.callers import made
from tests.support.environment import engine_of

from .support import job
from .test_join import waiting


@pytest.fixture(params=WAYS)
def asynchronous(request):
    yield from opened(request)


@pytest.fixture(params=ways("postgres", "mariadb", "mysql"))
def served_async(request):
    yield from opened(request)


def test_a_database_without_jobs_is_named(served_async, monkeypatch):
    database, threads = served_async.engine._db, []
    translated = database.translated

    def noted(error):
        threads.append(threading.current_thread())
        return translated(error)

    monkeypatch.setattr(database, "translated", noted)

    async def use(connection):
        if served_async.caller.dialect == "postgres":
            await run(connection, "SET search_path = pg_temp")
        else:
            served_async.caller.server.query("CREATE DATABASE IF NOT EXISTS other")
            served_async.caller.server.query("GRANT ALL ON other.* TO lightjobs@'%'")
            await run(connection, "USE other")
        with pytest.raises(SchemaOutdated, match=r"connection= has no jobs table .*migrate:up"):
            await served_async.push(connection, job())

    served_async.inside(use)
    assert threads[0] is not threading.main_thread()  # the database is asked what is wrong


def test_a_scoped_session_takes_jobs(tmp_path, request):
    async def use(caller):
        engine = engine_for(caller.url().replace("sqlite:", "sqlite+aiosqlite:"))
        session = async_scoped_session(async_sessionmaker(engine), asyncio.current_task)
        await caller.engine.join_async(session).push([job()])
        await session.commit()
        await session.close()
        await engine.dispose()

    with made("sqlite", request) as caller:
        asyncio.run(use(caller))
        assert waiting(caller) == 1


@pytest.mark.parametrize("connection", [object(), 7, AsyncSession], ids=["object", "int", "class"])
def test_what_is_no_connection_is_refused_by_name(caller, connection):
    with pytest.raises(
        LightjobsError, match=r"connection= is a .*; in dispatchAsync\(\) .* takes an"
    ):
        asyncio.run(caller.engine.join_async(connection).push([job()]))


def test_a_connection_that_blocks_is_refused(caller):
    with (
        caller.connected() as connection,
        pytest.raises(LightjobsError, match=r"one that blocks is for dispatch\(\)"),
    ):
        asyncio.run(caller.engine.join_async(connection).push([job()]))


def test_a_database_of_another_kind_is_named(request):
    kind, way = WAYS["aiosqlite-session"]
    with made(kind, request) as lite, made("postgres", request) as postgres:

        async def use(connection):
            with pytest.raises(LightjobsError, match="AsyncSession on sqlite; in dispatchAsync"):
                await postgres.engine.join_async(connection).push([job()])

        Asynchronous(lite, way).inside(use)


def test_dispatch_says_what_an_async_connection_is_for(asynchronous):
    async def use(connection):
        with pytest.raises(
            LightjobsError, match=r"Async.*; this one is for `await …dispatchAsync\("
        ):
            asynchronous.engine.join(connection)

    asynchronous.inside(use)


def test_an_error_of_sqlalchemys_own_passes(request):
    kind, way = WAYS["aiosqlite-connection"]
    with made(kind, request) as caller:
        lite = Asynchronous(caller, way)

        async def use(connection):
            await connection.close()
            with pytest.raises(sqlalchemy.exc.ResourceClosedError):
                await lite.push(connection, job())

        lite.inside(use)


def test_the_memory_engine_takes_jobs_whatever_the_connection():
    engine = MemoryEngine()
    (id,) = asyncio.run(engine.join_async(object()).push([job()]))
    assert engine.find(id).queue == "q"


def test_the_null_engine_drops_them():
    engine = NullEngine()
    (id,) = asyncio.run(engine.join_async(object()).push([job()]))
    assert engine.find(id) is None


def test_an_engine_without_a_database_says_so(request):
    server = request.getfixturevalue("clean_redis")
    engine = engine_of(server.environment)
    with pytest.raises(LightjobsError, match="connection= needs JOB_ENGINE=database"):
        engine.join_async(object())
    engine.close()

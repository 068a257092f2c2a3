"""Jobs in the caller's own transaction, on the connections that real drivers make."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time

import psycopg
import pytest

from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.null import NullEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.errors import (
    LightjobsError,
    SchemaOutdated,
    StoreInDoubt,
    StoreUnavailable,
    UnknownHandler,
)
from lightjobs.model import NewJob
from tests.support.callers import made

from .support import HANDLER, claim_one, in_threads, job


@pytest.fixture
def connection(caller):
    with caller.connected() as made:
        yield made


def waiting(caller):
    return caller.engine.stats().get("q", {}).get("new", 0)


@pytest.mark.parametrize("count", [1, 3, 700])
def test_jobs_are_seen_when_the_transaction_commits_and_not_before(caller, connection, count):
    caller.effect(connection)
    ids = caller.engine.join(connection).push([job()] * count)
    assert len(set(ids)) == count
    assert waiting(caller) == 0
    assert caller.effects() == []
    connection.commit()
    assert [caller.engine.find(id).id for id in ids] == ids
    assert waiting(caller) == count
    assert caller.effects() == [1]
    assert claim_one(caller.engine).id == ids[0]


def test_a_bulk_without_a_transaction_is_stored_whole_or_not_at_all(caller):
    options = {"isolation_level": None} if caller.dialect == "sqlite" else {"autocommit": True}
    with caller.connected(**options) as connection:
        transaction = caller.engine.join(connection)
        with pytest.raises(LightjobsError, match="surrogate"):
            transaction.push([*[job()] * 4500, job(payload='{"x": "\ud800"}')])
        assert waiting(caller) == 0
        assert len(set(transaction.push([job()] * 4500))) == 4500
        assert waiting(caller) == 4500


@pytest.mark.parametrize("count", [1, 3])
def test_jobs_are_rolled_back_with_the_transaction(caller, connection, count):
    caller.effect(connection)
    ids = caller.engine.join(connection).push([job()] * count)
    connection.rollback()
    assert waiting(caller) == 0
    assert caller.engine.find(ids[0]) is None
    caller.engine.join(connection).push([job()] * count)
    connection.commit()
    assert waiting(caller) == count


def test_ids_belong_to_the_jobs_in_order(caller, connection):
    jobs = [job(payload=f'{{"n":{n}}}') for n in range(40)]
    ids = caller.engine.join(connection).push(jobs)
    connection.commit()
    assert [caller.engine.find(id).payload for id in ids] == [each.payload for each in jobs]


def test_push_of_nothing_stores_nothing(caller, connection):
    assert caller.engine.join(connection).push([]) == []


def test_a_batch_that_failed_stores_nothing_even_if_the_caller_commits(caller, connection):
    big = job(payload=json.dumps({"a": "x" * 700_000}))
    caller.effect(connection)
    with pytest.raises(LightjobsError):
        caller.engine.join(connection).push([job(), big, big, NewJob(HANDLER, "q", None)])
    connection.commit()  # on PostgreSQL a rollback
    assert waiting(caller) == 0


def test_a_worker_is_woken_by_the_commit(caller, connection):
    woken: list[float] = []

    def waits():
        assert caller.engine.wait(["q"], 60)
        woken.append(time.monotonic())

    def dispatches():
        time.sleep(0.3)
        caller.engine.join(connection).push([job()])
        time.sleep(0.3)
        assert woken == []
        connection.commit()
        woken.append(time.monotonic())

    if caller.dialect == "sqlite":
        connection = sqlite3.connect(caller.path, check_same_thread=False)
    in_threads(waits, dispatches)
    assert abs(woken[0] - woken[1]) < 30


def test_without_a_transaction_jobs_are_stored_at_once_and_all_or_none(caller):
    options = {"isolation_level": None} if caller.dialect == "sqlite" else {"autocommit": True}
    with caller.connected(**options) as connection:
        ids = caller.engine.join(connection).push([job()])
        ids += caller.engine.join(connection).push([job()] * 3)
        assert waiting(caller) == 4
        big = job(payload=json.dumps({"a": "x" * 700_000}))
        with pytest.raises(LightjobsError):
            caller.engine.join(connection).push([job(), big, big, NewJob(HANDLER, "q", None)])
        assert waiting(caller) == 4
        claim = claim_one(caller.engine)
        with pytest.raises(LightjobsError, match=r"complete\(\) needs a transaction"):
            caller.engine.join(connection).complete(claim.id, claim.fence)
        assert caller.engine.find(claim.id).status == "queued"


def test_a_closed_connection_is_reported_to_have_stored_nothing(caller, connection):
    connection.close()
    with pytest.raises(LightjobsError) as caught:
        caller.engine.join(connection).push([job()])
    assert "Traceback" not in str(caught.value)
    assert waiting(caller) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_a_closed_connection_leaves_no_doubt_even_without_a_transaction(served, count):
    with served.connected(autocommit=True) as connection:
        connection.close()
        with pytest.raises(StoreUnavailable, match="was not stored") as caught:
            served.engine.join(connection).push([job()] * count)
    assert type(caught.value) is StoreUnavailable


def test_a_connection_lost_in_a_transaction_is_reported_to_have_stored_nothing(served):
    with served.connected() as connection:
        served.effect(connection)
        served.engine.join(connection).push([job()])
        served.server.kill_connections()
        with pytest.raises(StoreUnavailable, match="the job was not stored") as caught:
            served.engine.join(connection).push([job()])
    assert type(caught.value) is StoreUnavailable
    assert waiting(served) == 0


IDLE = {"postgres": "SET idle_session_timeout = '200ms'", "mysql": "SET wait_timeout = 1"}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("how", ["killed", "idle for too long"])
def test_a_connection_that_the_server_closed_while_idle_leaves_no_doubt(served, how, count):
    with served.connected(autocommit=True) as connection:
        if how == "killed":
            served.server.kill_connections()
            time.sleep(0.1)
        else:
            connection.cursor().execute(IDLE[served.dialect])
            time.sleep(1.5)
        with pytest.raises(StoreUnavailable, match="was not stored") as caught:
            served.engine.join(connection).push([job()] * count)
    assert type(caught.value) is StoreUnavailable
    assert waiting(served) == 0


def test_a_connection_lost_within_a_statement_leaves_the_job_in_doubt(served):
    lock = {"postgres": "BEGIN; LOCK TABLE jobs", "mysql": "LOCK TABLES jobs WRITE"}[served.dialect]
    admin = served.server._session(*["jobs"] * (served.dialect == "mysql"))
    with served.connected(autocommit=True) as connection, admin as session:
        session.execute(lock)
        timer = threading.Timer(0.5, served.server.kill_connections)
        timer.start()
        with pytest.raises(StoreInDoubt, match="the job may or may not have been stored"):
            served.engine.join(connection).push([job()])
        timer.join()


def test_notifications_for_the_caller_stay_where_psycopg_finds_them(served):
    if served.dialect != "postgres":
        pytest.skip("PostgreSQL alone has them")
    with served.connected(autocommit=True) as connection:
        heard = []
        connection.add_notify_handler(lambda notify: heard.append(notify.payload))
        connection.execute("LISTEN own")
        served.server.query("NOTIFY own, 'news'")
        time.sleep(0.2)
        served.engine.join(connection).push([job()])
        connection.execute("SELECT 1")
        assert heard == ["news"]


def test_a_database_without_jobs_is_named(caller, connection, tmp_path):
    if caller.dialect == "sqlite":
        connection = sqlite3.connect(tmp_path / "other.sqlite")
    elif caller.dialect == "postgres":
        connection.execute("SET search_path = pg_temp")
    else:
        caller.server.query("CREATE DATABASE IF NOT EXISTS other")
        caller.server.query("GRANT ALL ON other.* TO lightjobs@'%'")
        connection.select_db("other")
    for count in (1, 2):
        with pytest.raises(SchemaOutdated, match=r"connection= has no jobs table .*migrate:up"):
            caller.engine.join(connection).push([job()] * count)
        connection.rollback()
        if caller.dialect == "postgres":
            connection.execute("SET search_path = pg_temp")


WRONG = [object(), "postgresql://here", 7, psycopg.AsyncConnection, sqlite3.Connection]


@pytest.mark.parametrize("wrong", WRONG, ids=["object", "url", "number", "async class", "class"])
def test_a_connection_of_another_kind_is_refused_by_name(caller, wrong):
    driver = {"sqlite": "sqlite3", "postgres": "psycopg", "mysql": "pymysql"}[caller.dialect]
    with pytest.raises(LightjobsError, match=rf"connection= is a .*; .* takes a {driver} Connect"):
        caller.engine.join(wrong)


def test_a_cursor_and_the_connection_of_another_driver_are_refused(caller, connection, tmp_path):
    with pytest.raises(LightjobsError, match=r"connection= is a \w+ .*Cursor; "):
        caller.engine.join(connection.cursor())
    if caller.dialect != "sqlite":
        with pytest.raises(LightjobsError, match="connection= is a sqlite3 Connection; "):
            caller.engine.join(sqlite3.connect(tmp_path / "other.sqlite"))


@pytest.fixture
def postgres(request):
    with made("postgres", request) as found:
        yield found


def test_an_async_connection_of_psycopg_is_refused(postgres):
    async def refused():
        connection = await psycopg.AsyncConnection.connect(**postgres.login("dbname"))
        async with connection:
            with pytest.raises(LightjobsError, match="is a psycopg AsyncConnection; "):
                postgres.engine.join(connection)

    asyncio.run(refused())


def test_a_pipeline_takes_jobs_too(postgres):
    with postgres.connected() as connection:
        with connection.pipeline():
            postgres.engine.join(connection).push([job()])
            postgres.engine.join(connection).push([job()] * 3)
        connection.commit()
    assert waiting(postgres) == 4


def test_the_memory_engine_takes_jobs_whatever_the_connection():
    engine = MemoryEngine()
    (id,) = engine.join(object()).push([job()])
    assert engine.find(id).queue == "q"


def test_the_null_engine_drops_them():
    engine = NullEngine()
    (id,) = engine.join(object()).push([job()])
    assert engine.find(id) is None


def test_the_sync_engine_runs_them():
    with pytest.raises(UnknownHandler):
        SyncEngine().join(object()).push([job(handler="nobody's")])

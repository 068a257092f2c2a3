"""Jobs in the caller's own transaction, on the connections that real drivers make."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pymysql
import pytest
from psycopg.rows import dict_row
from psycopg.types.string import TextLoader
from pymysql.converters import encoders
from pymysql.cursors import DictCursor, SSCursor

from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.null import NullEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.engines.where import Where
from lightjobs.errors import (
    LightjobsError,
    SchemaOutdated,
    StaleClaim,
    StoreInDoubt,
    StoreUnavailable,
)
from lightjobs.model import Done, NewJob, Release, Retention, Settlement, Status
from tests.support.callers import made

from .support import HANDLER, claim_one, in_threads, job, push, worker
from .test_push import HOSTILE


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


@pytest.mark.parametrize("count", [1, 3])
def test_jobs_go_with_the_transaction_when_it_is_rolled_back(caller, connection, count):
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


def test_all_or_none_of_a_batch_is_stored_whatever_the_caller_does_after_the_error(
    caller, connection
):
    big = job(payload=json.dumps({"a": "x" * 700_000}))
    caller.effect(connection)
    with pytest.raises(LightjobsError):
        caller.engine.join(connection).push([job(), big, big, NewJob(HANDLER, "q", None)])
    connection.commit()  # on PostgreSQL a rollback
    assert waiting(caller) == 0


def test_a_worker_is_woken_by_the_commit(caller, connection):
    woken: list[float] = []

    def waits():
        until = time.monotonic() + 5
        while time.monotonic() < until:
            if caller.engine.wait(["q"], 1.0):
                woken.append(time.monotonic())
                return

    def dispatches():
        time.sleep(0.3)
        caller.engine.join(connection).push([job()])
        time.sleep(0.3)
        assert woken == []
        connection.commit()
        woken.append(time.monotonic())

    if caller.kind == "sqlite":
        connection = sqlite3.connect(caller.path, check_same_thread=False)
    in_threads(waits, dispatches)
    assert abs(woken[0] - woken[1]) < 0.5


# What a caller's session may be like: how to connect, what to run first, what to do to it.
def _nothing(connection: Any) -> None:
    pass


def _taught(connection: psycopg.Connection[Any]) -> None:
    for name in ("int8", "int4", "text", "timestamp"):
        connection.adapters.register_loader(name, _Shout)
    connection.adapters.register_dumper(str, _Reversed)


class _Shout(TextLoader):
    def load(self, data: Any) -> str:
        return f"{bytes(data).decode()}!"


class _Reversed(psycopg.types.string.StrDumper):
    def dump(self, obj: str) -> bytes:
        return obj[::-1].encode()


SESSIONS: dict[str, list[tuple[dict[str, Any], list[str], Callable[[Any], None]]]] = {
    "sqlite": [
        ({"isolation_level": None}, ["BEGIN"], _nothing),
        ({"isolation_level": "IMMEDIATE", "detect_types": sqlite3.PARSE_DECLTYPES}, [], _nothing),
        ({}, [], lambda connection: setattr(connection, "row_factory", sqlite3.Row)),
        ({}, [], lambda connection: setattr(connection, "row_factory", lambda *_: None)),
        ({}, [], lambda connection: setattr(connection, "text_factory", bytes)),
        *([({"autocommit": False}, [], _nothing)] if sys.version_info >= (3, 12) else []),
    ],
    "postgres": [
        ({"autocommit": True}, ["BEGIN"], _nothing),
        ({"row_factory": dict_row}, ["SET TimeZone = 'Asia/Tokyo'"], _nothing),
        ({}, ["SET DateStyle = 'SQL, DMY'", "SET IntervalStyle = 'iso_8601'"], _nothing),
        ({}, ["SET client_encoding = 'LATIN1'"], _nothing),
        ({}, ["SET client_encoding = 'SQL_ASCII'"], _nothing),
        ({}, ["SET client_encoding = 'EUC_JP'"], _nothing),
        ({}, ["SET default_transaction_isolation = 'serializable'"], _nothing),
        ({"cursor_factory": psycopg.ClientCursor, "prepare_threshold": 0}, [], _nothing),
        ({"cursor_factory": psycopg.RawCursor, "prepare_threshold": None}, [], _nothing),
        ({}, ["SET standard_conforming_strings = off"], _taught),
    ],
    "mariadb": [
        ({"autocommit": True}, ["BEGIN"], _nothing),
        ({"cursorclass": DictCursor}, ["SET time_zone = '+09:00'"], _nothing),
        ({"cursorclass": SSCursor, "charset": "latin1"}, [], _nothing),
        ({"charset": "utf8mb3"}, ["SET sql_mode = ''"], _nothing),
        ({"charset": "gbk"}, ["SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'"], _nothing),
        ({}, ["SET NAMES latin1"], _nothing),
        (
            {"conv": {**encoders, 3: str, 8: str}},
            ["SET SESSION auto_increment_increment = 7"],
            _nothing,
        ),
        ({}, ["SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"], _nothing),
        (
            {"client_flag": 2},
            ["SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED"],
            _nothing,
        ),
    ],
}


@pytest.fixture(
    params=[(kind, number) for kind, habits in SESSIONS.items() for number in range(len(habits))],
    ids=lambda chosen: f"{chosen[0]}-{chosen[1]}",
)
def odd(request):
    """A caller, a connection of its habits, and what begins a transaction there."""
    kind, number = request.param
    options, statements, teach = SESSIONS[kind][number]
    with made(kind, request) as found, found.connected(**options) as connection:
        begin = [statement for statement in statements if statement == "BEGIN"]
        for statement in statements:
            if statement not in begin:
                ran(connection, statement)
        if statements and not begin:
            connection.commit()
        teach(connection)
        yield found, connection, begin


def ran(connection, statement):
    if isinstance(connection, psycopg.Connection):
        return psycopg.Cursor(connection).execute(statement)
    if isinstance(connection, sqlite3.Connection):
        return sqlite3.Cursor(connection).execute(statement)
    cursor = pymysql.cursors.Cursor(connection)
    cursor.execute(statement)
    return cursor


VOLATILE = {"timestamp", "last_insert_id", "insert_id", "rand_seed1", "rand_seed2", "identity"}


def habits(connection):
    """What of a session could have been changed; ends its transaction."""
    if isinstance(connection, sqlite3.Connection):
        names = ("isolation_level", "row_factory", "text_factory", "autocommit")
        pragmas = ("synchronous", "busy_timeout", "foreign_keys", "query_only")
        seen = [ran(connection, f"PRAGMA {name}").fetchone() for name in pragmas]
        found = [repr(seen), *(getattr(connection, name, None) for name in names)]
    elif isinstance(connection, psycopg.Connection):
        connection.rollback()
        seen = [repr(row) for row in ran(connection, "SHOW ALL").fetchall()]
        names = ("autocommit", "isolation_level", "row_factory", "cursor_factory", "read_only")
        found = [*seen, *(getattr(connection, name) for name in names)]
        found.append(repr(connection.adapters._dumpers.keys()))
        connection.rollback()
    else:
        connection.rollback()
        rows = ran(connection, "SHOW SESSION VARIABLES").fetchall()
        seen = [repr(row) for row in rows if row[0] not in VOLATILE]
        found = [*seen, connection.cursorclass, connection.get_autocommit(), connection.charset]
    return found


@pytest.mark.parametrize("count", [1, 3])
def test_nothing_of_the_callers_session_matters_or_is_changed(odd, count):
    caller, connection, begin = odd
    before = habits(connection)
    moment = time.gmtime(time.time() - 2)
    for commits in (False, True):
        for statement in begin:
            ran(connection, statement)
        ids = []
        for text in HOSTILE:
            new = NewJob(f"Handler {text}", f"queue {text}", text, due=1e9, options=text)
            ids += caller.engine.join(connection).push([new] * count)
        ids += caller.engine.join(connection).push([job()] * count)
        assert caller.engine.stats() == {}
        connection.commit() if commits else connection.rollback()
    assert habits(connection) == before
    stored = [caller.engine.find(id) for id in ids]
    texts = [text for text in HOSTILE for _ in range(count)]
    for text, found in zip(texts, stored, strict=False):
        assert (found.handler, found.queue) == (f"Handler {text}", f"queue {text}")
        assert (found.payload, found.options) == (text, text)
        assert found.scheduled_at == "2001-09-09 01:46:40"
    for found in stored:
        assert time.strftime("%Y-%m-%d %H:%M:%S", moment) <= found.created_at
        assert found.created_at <= time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    assert caller.engine.count(Where(status="new")) == (len(HOSTILE) + 1) * count


@pytest.fixture
def narrow(request):
    """A caller whose column is as Lightpack made it, 64 KB."""
    with made("mariadb", request) as found:
        found.server.query("ALTER TABLE jobs MODIFY payload text NOT NULL")
        yield found
        found.server.query("ALTER TABLE jobs MODIFY payload longtext NOT NULL")


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("mode", ["", "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"])
def test_a_payload_longer_than_the_column_is_refused_and_never_cut(narrow, mode, count):
    with narrow.connected(init_command=f"SET sql_mode = '{mode}'") as connection:
        with pytest.raises(LightjobsError, match="too long for column 'payload'"):
            narrow.engine.join(connection).push([job(payload="x" * 70_000)] * count)
        ids = narrow.engine.join(connection).push([job(payload="x" * 60_000)] * count)
        connection.commit()
        assert {len(narrow.engine.find(id).payload) for id in ids} == {60_000}
        assert ran(connection, "SELECT @@sql_mode").fetchone()[0] == mode
    assert waiting(narrow) == count


@pytest.mark.parametrize("keeps", [False, True], ids=["drops", "keeps"])
def test_a_job_is_completed_whatever_the_callers_session_is_like(odd, keeps):
    caller, connection, begin = odd
    caller.engine.retention = Retention(completed=None if keeps else 0.0)
    push(caller.engine)
    claim = claim_one(caller.engine)
    for commits in (False, True):
        for statement in begin:
            ran(connection, statement)
        joined = caller.engine.join(connection)
        joined.complete(claim.id, claim.fence)
        connection.commit() if commits else connection.rollback()
        assert joined.abandon() is False
    assert_completed(caller, claim.id, keeps)


def assert_completed(caller, job_id, keeps):
    found = caller.engine.find(job_id)
    assert (found.status if found else None) == (Status.COMPLETED if keeps else None)


def test_without_a_transaction_jobs_are_stored_at_once_and_all_or_none(caller):
    options = {"isolation_level": None} if caller.kind == "sqlite" else {"autocommit": True}
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


@pytest.mark.parametrize("keeps", [False, True], ids=["drops", "keeps"])
def test_done_and_its_effects_commit_together(caller, connection, keeps):
    caller.engine.retention = Retention(completed=None if keeps else 0.0)
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.effect(connection)
    caller.engine.join(connection).complete(claim.id, claim.fence)
    assert caller.engine.find(claim.id).status == "queued"
    connection.commit()
    assert caller.effects() == [1]
    assert_completed(caller, claim.id, keeps)
    # What the worker does when the run has ended, and once more when the answer was lost:
    for _ in range(2):
        assert caller.engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]
    assert_completed(caller, claim.id, keeps)


def test_a_completed_job_is_not_recovered_with_its_worker(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.engine.join(connection).complete(claim.id, claim.fence)
    connection.commit()
    assert caller.engine.recover(name) == 0
    assert waiting(caller) == 0


def test_a_completion_that_is_rolled_back_has_never_been(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.engine.join(connection).complete(claim.id, claim.fence)
    connection.rollback()
    assert caller.engine.find(claim.id).status == "queued"
    release = Release(claim.id, claim.fence, time.time() - 1, 1)
    assert caller.engine.settle(name, [release]) == [Settlement.ACCEPTED]
    assert waiting(caller) == 1


def recovered(engine, name, claim):
    engine.recover(name)


def claimed_anew(engine, name, claim):
    engine.recover(name)
    assert claim_one(engine).id == claim.id


def cancelled(engine, name, claim):
    assert engine.cancel(claim.id)


def settled(engine, name, claim):
    engine.settle(name, [Done(claim.id, claim.fence)])


@pytest.mark.parametrize("keeps", [False, True], ids=["drops", "keeps"])
@pytest.mark.parametrize("fate", [recovered, claimed_anew, cancelled, settled])
def test_a_stale_run_cannot_complete_the_job(caller, connection, fate, keeps):
    caller.engine.retention = Retention(completed=None if keeps else 0.0)
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    fate(caller.engine, name, claim)
    before = caller.engine.find(claim.id)
    with pytest.raises(StaleClaim, match=f"job {claim.id} is not this run's any more"):
        caller.engine.join(connection).complete(claim.id, claim.fence)
    connection.commit()
    assert caller.engine.find(claim.id) == before


def test_what_a_stale_run_leaves_open_is_rolled_back(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.engine.recover(name)
    caller.effect(connection)
    joined = caller.engine.join(connection)
    with pytest.raises(StaleClaim):
        joined.complete(claim.id, claim.fence)
    assert joined.abandon() is True
    connection.commit()
    assert caller.effects() == []


def test_a_run_cannot_complete_what_php_has_claimed_since(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.engine.recover(name)
    with caller.connected() as php:  # raises no fence and leaves no name
        php.cursor().execute("UPDATE jobs SET status = 'queued', attempts = attempts + 1")
        php.commit()
    with pytest.raises(StaleClaim):
        caller.engine.join(connection).complete(claim.id, claim.fence)


def test_a_transaction_that_is_left_open_is_rolled_back_once_the_run_is_over(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.effect(connection)
    joined = caller.engine.join(connection)
    joined.complete(claim.id, claim.fence)
    assert joined.abandon() is True
    assert joined.abandon() is False
    assert caller.effects() == []
    assert caller.engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]


def test_a_later_transaction_is_left_alone(caller, connection):
    push(caller.engine)
    claim = claim_one(caller.engine)
    joined = caller.engine.join(connection)
    joined.complete(claim.id, claim.fence)
    connection.commit()
    caller.effect(connection)
    assert joined.abandon() is False
    connection.commit()
    assert caller.effects() == [1]


def test_a_connection_that_is_closed_is_said_to_have_stored_nothing(caller, connection):
    connection.close()
    with pytest.raises(LightjobsError) as caught:
        caller.engine.join(connection).push([job()])
    assert "Traceback" not in str(caught.value)
    assert waiting(caller) == 0


@pytest.mark.parametrize("count", [1, 3])
def test_a_closed_connection_leaves_no_doubt_without_a_transaction_either(served, count):
    with served.connected(autocommit=True) as connection:
        connection.close()
        with pytest.raises(StoreUnavailable, match="was not stored") as caught:
            served.engine.join(connection).push([job()] * count)
    assert type(caught.value) is StoreUnavailable


@pytest.fixture
def packets(request):
    """A caller of a MariaDB that takes statements of 16 MB, as its default is."""
    with made("mariadb", request) as found:
        yield found


def test_a_payload_beyond_the_servers_packets_is_refused_on_the_callers_connection(packets):
    with packets.connected(autocommit=True) as connection:
        for count in (1, 2):
            with pytest.raises(LightjobsError, match="max_allowed_packet") as caught:
                packets.engine.join(connection).push([job(payload="x" * 9_000_000)] * count)
            assert type(caught.value) is LightjobsError
        packets.engine.join(connection).push([job(payload="x" * 7_000_000)])
    assert waiting(packets) == 1


def test_a_payload_beyond_the_servers_packets_is_refused(packets):
    for count in (1, 2):
        with pytest.raises(LightjobsError, match="max_allowed_packet") as caught:
            push(packets.engine, count, payload="x" * 40_000_000)
        assert type(caught.value) is LightjobsError
    push(packets.engine, payload="x" * 12_000_000)
    assert waiting(packets) == 1


def test_a_lost_connection_takes_its_jobs_with_it_and_says_so(served):
    with served.connected() as connection:
        served.effect(connection)
        served.engine.join(connection).push([job()])
        served.server.kill_connections()
        with pytest.raises(StoreUnavailable, match="the job was not stored") as caught:
            served.engine.join(connection).push([job()])
    assert type(caught.value) is StoreUnavailable
    assert waiting(served) == 0


def test_a_connection_lost_without_a_transaction_leaves_it_open_whether_the_job_is_stored(served):
    with served.connected(autocommit=True) as connection:
        served.server.kill_connections()
        with pytest.raises(StoreInDoubt, match="the job may or may not have been stored"):
            served.engine.join(connection).push([job()])


def test_a_deadlock_is_not_tried_again_behind_the_callers_back(served):
    engine = served.engine
    with served.connected() as one, served.connected() as other:
        push(engine, 2)
        first, second = claim_one(engine), claim_one(engine)
        engine.join(one).complete(first.id, first.fence)
        engine.join(other).complete(second.id, second.fence)
        failed: list[LightjobsError] = []

        def completes(connection, claim):
            try:
                engine.join(connection).complete(claim.id, claim.fence)
            except StoreUnavailable as error:
                failed.append(error)
            finally:
                connection.rollback()

        in_threads(lambda: completes(one, second), lambda: completes(other, first))
        assert [type(error) for error in failed] == [StoreUnavailable]
        assert "the job was not completed" in str(failed[0])


def test_a_database_without_jobs_is_named(caller, connection, tmp_path):
    if caller.kind == "sqlite":
        connection = sqlite3.connect(tmp_path / "other.sqlite")
    elif caller.kind == "postgres":
        connection.execute("SET search_path = pg_temp")
    else:
        caller.server.query("CREATE DATABASE IF NOT EXISTS other")
        caller.server.query("GRANT ALL ON other.* TO lightjobs@'%'")
        connection.select_db("other")
    for count in (1, 2):
        with pytest.raises(SchemaOutdated, match=r"connection= has no jobs table .*migrate:up"):
            caller.engine.join(connection).push([job()] * count)
        connection.rollback()
        if caller.kind == "postgres":
            connection.execute("SET search_path = pg_temp")


WRONG = [object(), "postgresql://here", 7, psycopg.AsyncConnection, sqlite3.Connection]


@pytest.mark.parametrize("wrong", WRONG, ids=["object", "url", "number", "async class", "class"])
def test_a_connection_of_another_kind_is_refused_by_name(caller, wrong):
    driver = {"sqlite": "sqlite3", "postgres": "psycopg", "mariadb": "pymysql"}[caller.kind]
    with pytest.raises(LightjobsError, match=rf"connection= is a .*; .* takes a {driver} Connect"):
        caller.engine.join(wrong)


def test_another_drivers_connection_and_a_cursor_are_refused(caller, connection, tmp_path):
    with pytest.raises(LightjobsError, match=r"connection= is a \w+ .*Cursor; "):
        caller.engine.join(connection.cursor())
    if caller.kind != "sqlite":
        with pytest.raises(LightjobsError, match="connection= is a sqlite3 Connection; "):
            caller.engine.join(sqlite3.connect(tmp_path / "other.sqlite"))


@pytest.fixture
def postgres(request):
    with made("postgres", request) as found:
        yield found


def test_psycopgs_async_connection_is_refused(postgres):
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


@pytest.mark.parametrize("kind", [MemoryEngine, NullEngine, SyncEngine])
def test_engines_without_a_database_say_so(kind):
    with pytest.raises(LightjobsError, match="connection= needs JOB_ENGINE=database; the "):
        kind().join(object())

"""Jobs in the caller's own transaction, in whatever session its connection has."""

from __future__ import annotations

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

from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError
from lightjobs.model import NewJob, Retention
from tests.support.callers import made
from tests.support.servers.mysql import MYSQL

from .support import claim_one, job, push
from .test_join import waiting
from .test_join_complete import assert_completed
from .test_push import HOSTILE


# Sessions a caller may have: how to connect, which statements to run, what to do to the connection.
def _nothing(connection: Any) -> None:
    pass


def _converting(connection: psycopg.Connection[Any]) -> None:
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
        ({}, ["SET standard_conforming_strings = off"], _converting),
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
for _name in MYSQL:
    SESSIONS[_name] = SESSIONS["mariadb"]


@pytest.fixture(
    params=[(kind, number) for kind, habits in SESSIONS.items() for number in range(len(habits))],
    ids=lambda chosen: f"{chosen[0]}-{chosen[1]}",
)
def odd(request):
    """A caller, a connection in an odd session, and what begins a transaction there."""
    kind, number = request.param
    options, statements, change = SESSIONS[kind][number]
    with made(kind, request) as found, found.connected(**options) as connection:
        begin = [statement for statement in statements if statement == "BEGIN"]
        for statement in statements:
            if statement not in begin:
                ran(connection, statement)
        if statements and not begin:
            connection.commit()
        change(connection)
        yield found, connection, begin


def ran(connection, statement):
    if isinstance(connection, psycopg.Connection):
        return psycopg.Cursor(connection).execute(statement)
    if isinstance(connection, sqlite3.Connection):
        return sqlite3.Cursor(connection).execute(statement)
    cursor = pymysql.cursors.Cursor(connection)
    cursor.execute(statement)
    return cursor


VOLATILE = {
    *("timestamp", "last_insert_id", "insert_id", "rand_seed1", "rand_seed2", "identity"),
    *("gtid_executed", "statement_id"),  # of MySQL
}


def habits(connection):
    """All of a session that could have been changed. Ends its transaction."""
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
def test_any_session_of_the_callers_takes_jobs_and_stays_as_it_was(odd, count):
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
        # Not gmtime() alone: its clock is behind time() for some milliseconds of each second.
        now = time.gmtime(time.time())
        assert found.created_at <= time.strftime("%Y-%m-%d %H:%M:%S", now)
    assert caller.engine.count(Where(status="new")) == (len(HOSTILE) + 1) * count


@pytest.fixture(params=["mariadb", *MYSQL])
def narrow(request):
    """A caller whose column of payloads is as Lightpack makes it, 64 KB."""
    with made(request.param, request) as found:
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
def test_any_session_of_the_callers_can_complete_a_job(odd, keeps):
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


@pytest.fixture(params=["mariadb", *MYSQL])
def packets(request):
    """A caller of a server with a limit of 16 MB for a statement, MariaDB's default."""
    with made(request.param, request) as found:
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

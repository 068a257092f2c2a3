"""What a session needs is set, whatever the server, a role, a database or a file has as its
default."""

import sqlite3
import threading
import time

import pytest

from lightjobs.engines.sql import postgres_session
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.engines.where import Where
from lightjobs.errors import StoreUnavailable
from lightjobs.model import Done, Settlement, Slot
from lightjobs.settings.database_settings import DatabaseSettings
from tests.support.servers.mariadb import mariadb_server
from tests.support.servers.mysql import SERVERS

from .support import drain, fail, job, push, worker

TEXT = "na\u00efve \U0001f4a5"


def assert_all_works(engine):
    """Every kind of verb, on tables that are made here."""
    assert engine.schema
    engine.schema.install()
    ids = push(engine, payload=f'"{TEXT}"', queue=TEXT) + push(engine, 5, queue=TEXT)
    due = time.time() + 0.6
    later = push(engine, 3, queue=TEXT, due=due)
    name = worker(engine)
    claims = engine.claim(name, [TEXT], 6)  # the others may be due by now: a busy machine stalls
    assert [claim.id for claim in claims] == ids
    assert claims[0].payload == f'"{TEXT}"'
    time.sleep(0.05)
    outcomes = [Done(claim.id, claim.fence) for claim in claims]
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 6
    assert not engine.wait([TEXT], 0.1) or time.time() >= due
    assert engine.wait([TEXT], 5)
    assert [claim.id for claim in drain(engine, [TEXT])] == later
    failed = fail(engine, 3, exception=TEXT)
    assert {engine.find(id).exception for id in failed} == {TEXT}
    assert len(engine.browse(Where(status="failed"))) == 3
    assert engine.move("retry", Where(status="failed")) == 3
    assert engine.cancel_many(Where(status="new")) == 3
    assert engine.hit("key", 1, 100) == 0 < engine.hit("key", 1, 100)
    for due in (1.0, 2.0):
        assert engine.schedule.push_slots([Slot(TEXT, due, job())]) != [None]
    assert engine.beat([name], 30) == []
    assert engine.recover(name) == 0
    engine.maintain()
    assert engine.problems() == []


POSTGRESQL = {
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "statement_timeout": "800ms",
    "lock_timeout": "1ms",
    "idle_in_transaction_session_timeout": "20ms",
    "idle_session_timeout": "300ms",
    "TimeZone": "Asia/Kolkata",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "client_encoding": "LATIN1",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "backslash_quote": "off",
    "bytea_output": "escape",
    "extra_float_digits": "-15",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "row_security": "off",
    "synchronous_commit": "off",
    "client_min_messages": "error",
    "enable_indexscan": "off",
    "enable_seqscan": "on",
    "enable_bitmapscan": "on",
    "plan_cache_mode": "force_generic_plan",
    "jit": "on",
    "search_path": "jobs_of_ours",
}


@pytest.mark.parametrize("scope", ["ROLE lightjobs", "DATABASE jobs"])
def test_postgresql(clean_postgres, scope):
    clean_postgres.reset()
    clean_postgres.query("DROP SCHEMA IF EXISTS jobs_of_ours CASCADE")
    clean_postgres.query("CREATE SCHEMA jobs_of_ours AUTHORIZATION lightjobs")
    try:
        for name, value in POSTGRESQL.items():
            quoted = value if name == "DateStyle" else f"'{value}'"
            clean_postgres.query(f"ALTER {scope} SET {name} = {quoted}")
        engine = clean_postgres.engine()
        assert_all_works(engine)
        assert engine._db.ask("SHOW search_path") == [("jobs_of_ours",)]
        assert engine._db.ask("SHOW synchronous_commit") == [("off",)]
        with engine._db.transaction():
            time.sleep(0.1)  # longer than the role lets a transaction stand
            assert engine._db.ask("SELECT pg_sleep(1)") == [("",)]
        engine.close()
    finally:
        clean_postgres.query(f"ALTER {scope} RESET ALL")
        clean_postgres.query("DROP SCHEMA jobs_of_ours CASCADE")


def test_postgresql_through_a_pooler(clean_postgres, clean_pgbouncer):
    try:
        for name, value in POSTGRESQL.items():
            if name not in ("search_path", "DateStyle", "client_encoding"):  # no tables; its own
                clean_postgres.query(f"ALTER ROLE lightjobs SET {name} = '{value}'")
        clean_postgres.kill_connections()
        engine = clean_pgbouncer.engine()
        time.sleep(0.3)
        assert_all_works(engine)
        engine.close()
    finally:
        clean_postgres.query("ALTER ROLE lightjobs RESET ALL")
        clean_postgres.kill_connections()


def test_a_database_that_is_made_read_only_is_left_so(clean_postgres):
    """It is how an administrator does that."""
    try:
        clean_postgres.query("ALTER ROLE lightjobs SET default_transaction_read_only = on")
        engine = SqlEngine(clean_postgres.database(), enqueue_timeout=3.0)
        assert "read-only" in engine.problems()[0]
        with pytest.raises(StoreUnavailable, match="read-only"):
            push(engine)
        engine.close()
    finally:
        clean_postgres.query("ALTER ROLE lightjobs RESET ALL")


def test_a_limit_of_a_newer_postgresql_is_lifted_there():
    class Info:
        server_version = 150018

    class Made:
        info = Info()

    assert "transaction_timeout" not in postgres_session._set(Made(), "true")
    Info.server_version = 170000
    assert "set_config('transaction_timeout', '0', true)" in postgres_session._set(Made(), "true")


MARIADB = [
    "--autocommit=0",
    "--character-set-server=latin1",
    "--collation-server=latin1_german2_ci",
    "--completion-type=CHAIN",
    "--div-precision-increment=0",
    "--explicit-defaults-for-timestamp=0",
    "--idle-transaction-timeout=1",
    "--idle-readonly-transaction-timeout=1",
    "--idle-write-transaction-timeout=1",
    "--innodb-default-row-format=compact",
    "--innodb-lock-wait-timeout=1",
    "--lock-wait-timeout=1",
    "--max-join-size=1",
    "--max-statement-time=0.05",
    "--sql-mode=ANSI,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,NO_ZERO_DATE,IGNORE_SPACE",
    "--transaction-isolation=SERIALIZABLE",
    "--wait-timeout=1",
    "--skip-character-set-client-handshake",
    "--default-storage-engine=MyISAM",
]

AT_EACH_LOGIN = (
    "SET sql_select_limit=1, sql_safe_updates=1, sql_big_selects=0, foreign_key_checks=0, "
    "max_join_size=1, time_zone='+05:30', autocommit=0, completion_type=1, sql_mode='ANSI';"
    "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY; SET NAMES latin1;"
    "SET max_statement_time=0.05, innodb_lock_wait_timeout=1, div_precision_increment=0"
)


@pytest.mark.parametrize("config", [MARIADB, [f"--init-connect={AT_EACH_LOGIN}"]], ids=["", "init"])
def test_mariadb(config):
    with mariadb_server(config=config) as server:
        engine = server.engine()
        assert_all_works(engine)
        with engine._db.transaction():
            assert engine._db.ask("SELECT SLEEP(0.2)") == [(0,)]
            time.sleep(1.5)
            assert engine._db.ask("SELECT 1") == [(1,)]
        engine.close()


@pytest.mark.parametrize("started", SERVERS)
def test_a_server_that_logs_statements_is_named_by_check(started):
    with started(config=["--log-bin=log"]) as server:
        server.empty()
        assert server.engine().problems() == []
        server.query("SET GLOBAL binlog_format = 'STATEMENT'")
        engine = server.engine()
        (problem,) = engine.problems()
        assert "binlog_format is STATEMENT; allowed: ROW, MIXED" in problem
        engine.close()


@pytest.mark.parametrize(
    "pragmas",
    [
        ["encoding = 'UTF-16le'"],
        ["encoding = 'UTF-16be'", "page_size = 512", "auto_vacuum = FULL"],
        ["journal_mode = TRUNCATE", "auto_vacuum = INCREMENTAL"],
        ["journal_mode = OFF", "user_version = 99", "application_id = 7"],
    ],
    ids=str,
)
def test_a_file_of_sqlite_that_another_program_made(tmp_path, pragmas):
    path = tmp_path / "made.sqlite"
    other = sqlite3.connect(path)
    for pragma in pragmas:
        other.execute(f"PRAGMA {pragma}")
    other.execute("CREATE TABLE own (n)")
    other.commit()
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(path))))
    assert_all_works(engine)
    assert engine._db.ask("PRAGMA journal_mode") == [("wal",)]
    engine.close()
    other.close()


@pytest.mark.parametrize("seconds", [0.5, 30])
def test_a_file_of_sqlite_that_is_in_use_is_waited_for(tmp_path, monkeypatch, seconds):
    """SQLite itself does not wait before it changes the journal mode."""
    monkeypatch.setattr("lightjobs.engines.sql.sqlite.BUSY_SECONDS", 2.0)
    path = tmp_path / "used.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE own (n)")
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(seconds, other.rollback)
    timer.start()
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(path))))
    if seconds < 2:
        engine.schema.install()
        assert engine._db.ask("PRAGMA journal_mode") == [("wal",)]
    else:
        with pytest.raises(StoreUnavailable, match="locked"):
            engine.schema.install()
        timer.cancel()
    engine.close()
    timer.join()
    other.close()

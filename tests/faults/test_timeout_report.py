"""A test that runs into its timeout reports what its servers were doing at that moment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]

CONFTEST = "from tests.support.servers.timeouts import pytest_timeout_set_timer\n"

HANGS = """
import threading
import time

import psycopg
import pymysql
import pytest
from tests.support.servers import mariadb, postgres

STATEMENT = "UPDATE counts SET n = n + 1 /* the one that waits */"


@pytest.fixture
def locked():
    connections = []
    with postgres.postgres_server() as served, mariadb.mariadb_server() as other:
        for server, connect, name in (
            (served, psycopg.connect, "dbname"), (other, pymysql.connect, "database")
        ):
            keys = ("host", "port", "user", "password")
            given = {key: getattr(server.settings, key) for key in keys}
            login = {**given, name: server.settings.name}
            first, second = connect(**login), connect(**login)
            connections.append(first)  # or it would be closed, and its transaction over
            first.cursor().execute("CREATE TABLE counts (n int)")
            first.cursor().execute("INSERT INTO counts VALUES (1)")
            first.commit()
            first.cursor().execute("UPDATE counts SET n = 2")
            waits = threading.Thread(target=waiting, args=[second], daemon=True)
            waits.start()
        yield


def waiting(connection):
    connection.cursor().execute(STATEMENT)


@pytest.mark.timeout(5, func_only=True)
def test_that_never_ends(locked):
    time.sleep(60)
"""


def test_a_timed_out_test_reports_who_waits_for_whom(tmp_path):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_hangs.py").write_text(HANGS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert "Failed: Timeout" in done.stdout, done.stdout + done.stderr
    _, told = done.stdout.split("pg_stat_activity, ages in seconds\n")
    sessions, told = told.split("pg_locks not granted\n")
    locks, told = told.split("SHOW FULL PROCESSLIST\n")
    threads, transactions = told.split("SHOW ENGINE INNODB STATUS, transactions\n")
    holds, waits = sessions.splitlines()[:2]
    assert re.match(r"pid=\d+  state=idle in transaction  wait_event_type=Client", holds)
    assert re.match(r"pid=\d+  state=active  wait_event_type=Lock  wait_event=\w+  xact_age", waits)
    assert "the one that waits" in waits
    blocker = holds.partition("  ")[0].removeprefix("pid=")
    assert f"blocked_by=[{blocker}]  locktype=" in locks
    assert "the one that waits" in threads
    assert "LOCK WAIT" in transactions
    assert "the one that waits" in transactions

"""`lightjobs torture` proves real stores, finds those that lose jobs, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.processes import parents
from tests.support.project import Project
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

pytestmark = pytest.mark.slow

SHORT = ("torture", "--minutes=0.1", "--json")

LOSING = """
from lightjobs.engines.sql.engine import SqlEngine

push = SqlEngine.push

def losing(engine, jobs):
    ids = push(engine, jobs)
    if int(ids[0]) % 20 == 0:
        engine._db.ask("DELETE FROM jobs WHERE id = ?", (int(ids[0]),))
    return ids

SqlEngine.push = losing
"""

SETTLING_TWICE = """
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.model import Done, Release

settle, before = SqlEngine.settle, set()

def twice(engine, worker, outcomes):
    put_back = [
        Release(each.id, each.fence, 0.0, 0)
        if type(each) is Done and each.id not in before and int(each.id) % 10 == 0 else each
        for each in outcomes
    ]
    before.update(each.id for each in outcomes)
    return settle(engine, worker, put_back)

SqlEngine.settle = twice
"""


def report(done: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["lost"], found["double_outcomes"], found["unfinished"]) == (0, 0, 0)
    assert found["acknowledged"] == found["completed"] + found["failed"] > 20
    return found


def workers_left(root: Path) -> list[bytes]:
    """The command lines of all processes that a torture has started."""
    found = []
    for pid in parents():
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            place = os.readlink(f"/proc/{pid}/cwd")
        except OSError:
            continue
        if "lightjobs-torture-" in place and str(root) in place:
            found.append(line)
    return found


def test_sqlite_passes_and_its_file_is_removed(project: Project) -> None:
    before = sorted(project.root.rglob("*"))
    found = report(project.cli(*SHORT, "--seed=3", seconds=100))
    assert found["store"] == "sqlite"
    assert found["seed"] == 3
    assert set(found["injected"]) == {"child", "worker", "freeze"}
    assert set(found["left_out"]) == {
        *("connection", "reset", "delay", "reply", "blackhole", "clock")
    }
    assert [path for path in sorted(project.root.rglob("*")) if path not in before] == []
    assert project.empty()


def test_redis_passes_and_its_keys_are_removed(project: Project, clean_redis) -> None:
    environment = {**clean_redis.environment, "JOB_ENGINE": "redis", "JOB_WORKERS": "-1"}
    found = report(project.cli(*SHORT, seconds=100, **environment))
    assert found["left_out"] == {}
    with clean_redis.client() as client:
        assert client.keys("*") == []


def test_postgresql_passes_and_its_schema_is_removed(project: Project, clean_postgres) -> None:
    report(project.cli(*SHORT, seconds=100, **clean_postgres.environment))
    like = "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%torture%'"
    assert clean_postgres.query(like) == []


def test_without_the_right_to_make_a_schema_the_grant_is_named(
    project: Project, clean_postgres
) -> None:
    clean_postgres.query("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    try:
        login = {"DB_USER": "guest", "DB_PSWD": "guest"}
        done = project.cli("torture", **{**clean_postgres.environment, **login})
    finally:
        clean_postgres.query("DROP ROLE guest")
    assert done.returncode == 1
    grant = f"GRANT CREATE ON DATABASE {clean_postgres.environment['DB_NAME']} TO guest"
    assert done.stderr.endswith(f". The torture needs a schema of its own: {grant}\n")
    assert done.stderr.count("\n") == 1


def test_mariadb_passes_and_its_database_is_removed(project: Project, clean_mariadb) -> None:
    user = clean_mariadb.environment["DB_USER"]
    refused = project.cli(*SHORT, seconds=100, **clean_mariadb.environment)
    assert refused.returncode == 1
    grant = rf"GRANT ALL ON `lightjobs\_torture\_%`.* TO {user}"
    assert f"The torture needs a database of its own: {grant}\n" in refused.stderr
    clean_mariadb.query(f"{grant}@'%'")
    try:
        report(project.cli(*SHORT, seconds=100, **clean_mariadb.environment))
    finally:
        clean_mariadb.query(f"{grant.replace('GRANT', 'REVOKE').replace(' TO ', ' FROM ')}@'%'")
    assert clean_mariadb.query("SHOW DATABASES LIKE '%torture%'") == []


def test_a_store_that_loses_jobs_is_found_out(project: Project) -> None:
    project.patch(LOSING)
    done = project.cli("torture", "--minutes=0.05", "--faults=child", seconds=100)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    (lost,) = [int(line.split()[1]) for line in lines if line.startswith("lost ")]
    assert lost > 0
    assert any(line.startswith("The store has not kept its promise. Lost: ") for line in lines)
    assert max(map(len, lines[:-1])) <= 80
    folder = Path(lines[-1].removeprefix("Notes and logs: "))
    assert {"ledger", "runs", "producer.log"} <= {path.name for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def test_a_store_that_accepts_two_outcomes_is_found_out(project: Project) -> None:
    project.patch(SETTLING_TWICE)
    environment = {"TMPDIR": str(project.root)}  # where the notes are kept
    done = project.cli("torture", "--minutes=0.05", "--faults=child", "--json", **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["double_outcomes"] > 0
    assert found["lost"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_nothing_is_left(
    project: Project, clean_postgres, number: int
) -> None:
    environment = {**clean_postgres.environment, "TMPDIR": str(project.root)}
    process = subprocess.Popen(
        [*COMMAND, "torture", "--faults=child,blackhole"],
        cwd=project.root,
        env=project.environment(**environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: len(workers_left(project.root)) > 4, what="workers run", pause=0.2)
        time.sleep(1)
        process.send_signal(number)
        process.send_signal(number)
        _out, err = process.communicate(timeout=40)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, err.strip()) == (130, "")  # a new line after ^C
    assert workers_left(project.root) == []
    assert list(project.root.glob("lightjobs-torture-*")) == []
    like = "SELECT nspname FROM pg_namespace WHERE nspname LIKE '%torture%'"
    assert clean_postgres.query(like) == []


def test_a_terminal_shows_how_far_it_is(project: Project) -> None:
    command = [*COMMAND, "torture", "--minutes=0.06", "--faults=child"]
    terminal = Terminal(command, project.root, project.environment(TMPDIR=str(project.root)))
    try:
        assert terminal.process.wait(60) == 0, terminal.output
        wait_until(lambda: b"Nothing was lost" in terminal.output)
    finally:
        terminal.close()
    bars = [text for text in re.split(rb"[\r\n]+", terminal.output) if b"%" in text]
    assert len(bars) > 10
    assert any(b"0%  starting" in bar for bar in bars)
    assert any(b"child" in bar for bar in bars)
    assert b"100%  draining" in bars[-1]
    assert max(len(re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", bar)) for bar in bars) <= 80


def test_a_store_that_is_away_is_one_line(project: Project) -> None:
    for environment in (
        {"JOB_ENGINE": "redis", "REDIS_PORT": "1"},
        {"DB_DRIVER": "pgsql", "DB_PORT": "1"},
        {"DB_DRIVER": "mysql", "DB_PORT": "1"},
    ):
        done = project.cli("torture", **environment)
        assert done.returncode == 3
        assert done.stderr.startswith("lightjobs: ")
        assert done.stderr.count("\n") == 1

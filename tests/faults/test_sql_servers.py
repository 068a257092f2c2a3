"""What PostgreSQL, MariaDB and the network do to a worker: it goes on by itself, and nothing is
lost."""

from __future__ import annotations

import os
import re
import signal
import time

import pytest

from lightjobs.engines.sql.database import TryAgain
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.errors import StoreUnavailable
from lightjobs.model import NewJob
from lightjobs.workers.loop import BACKOFF_SECONDS
from tests.support.servers.mariadb import MariaServer
from tests.support.servers.mysql import MYSQL
from tests.support.servers.postgres import PostgresServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

LOCK = "UPDATE jobs SET attempts = attempts WHERE id = %(id)s"


@pytest.fixture(params=["postgres", "mariadb", *MYSQL])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


def jobs(count, sleep=0.0, start=0):
    payloads = [f'{{"n":{n},"sleep":{sleep}}}' for n in range(start, start + count)]
    return [NewJob("App\\Jobs\\Work", "default", payload) for payload in payloads]


def once(count):
    return {str(n): 1 for n in range(count)}


def test_two_children_share_the_work_each_job_once(server, project):
    engine = server.engine()
    engine.push(jobs(2000))
    project.drain("--workers=2", **server.environment)
    assert project.runs("end") == once(2000)
    assert engine.stats() == {}


def test_a_killed_childs_jobs_run_again_and_only_running_jobs_run_twice(server, project):
    engine = server.engine()
    engine.push(jobs(600, sleep=0.003))
    worker = project.work(**server.environment).ready()
    wait_until(lambda: len(project.book("end")) > 60)
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not engine.stats(), 90)
    runs = project.runs("start")
    assert len(runs) == 600
    assert sum(runs.values()) <= 601
    assert worker.stop() == 0


def test_connections_killed_in_a_loop_lose_and_repeat_nothing(server, project):
    engine = server.engine()
    engine.push(jobs(1000, sleep=0.002))
    worker = project.work("--workers=2", **server.environment).ready()
    for _ in range(20):
        server.kill_connections()
        time.sleep(0.08)
    wait_until(lambda: not engine.stats())
    assert project.runs("end") == once(1000)
    assert project.runs("start") == once(1000)
    assert worker.stop() == 0
    assert "Traceback" not in worker.err
    assert "LOST" not in worker.out


def test_a_connection_killed_right_after_begin_takes_its_transaction_with_it(server):
    """A new connection in its place would be in autocommit mode, and two workers would claim the
    same jobs."""
    db = server.engine()._db
    begin_on = db._begin_on

    def begin_and_kill(held):
        begin_on(held)
        server.kill_connections()
        assert held.poll.poll(2000)

    db._begin_on = begin_and_kill
    with pytest.raises(TryAgain), db.transaction():
        db.run("register", {"worker": "w", "lease": 30.0})
    assert db.rows("registered", {"worker": "w"}) == []


def test_a_producer_does_not_notice_that_its_idle_connection_was_killed(server):
    engine = server.engine()
    for _ in range(5):
        engine.push(jobs(1))
        server.kill_connections()
        time.sleep(0.02)
    assert engine.stats()["default"]["new"] == 5


def test_an_idle_worker_is_woken_by_each_job(server, project):
    engine = server.engine()
    worker = project.work("--sleep=60", **server.environment).ready()
    for n in range(10):
        time.sleep(0.15)
        engine.push(jobs(1, start=n))
        wait_until(lambda n=n: project.started(n))
    assert worker.stop() == 0


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (PostgresServer, "kill"),
        (MariaServer, "stop"),
        pytest.param(PostgresServer, "stop", marks=pytest.mark.long),
        pytest.param(MariaServer, "kill", marks=pytest.mark.long),
    ],
)
def test_a_restarted_server_is_found_again_within_two_seconds(kind, how, project):
    server = kind()
    server.start()
    try:
        server.empty()
        engine = server.engine()
        engine.push(jobs(300, sleep=0.005))
        worker = project.work(**server.environment).ready()
        wait_until(lambda: len(project.book("end")) > 30)
        getattr(server, how)()
        time.sleep(1)
        server.start()
        assert BACKOFF_SECONDS[1] < 2
        before = len(project.book("end"))
        wait_until(lambda: len(project.book("end")) > before + 5, what="back at work")
        wait_until(lambda: not engine.stats())
        assert project.runs("start") == once(300)
        assert worker.stop() == 0
        assert "Traceback" not in worker.err
        assert "the store is away, trying again until it is back" in worker.err
    finally:
        server.close()


def test_deadlocks_are_retried(server, project):
    """Workers, and a third party that locks the same rows in the other order."""
    engine = server.engine()
    engine.push(jobs(1500, sleep=0.001))
    worker = project.work("--workers=3", **server.environment).ready()
    rival = server.database()
    until = time.monotonic() + 3
    while time.monotonic() < until:
        try:
            with rival.transaction():
                rows = rival.ask(
                    "SELECT id FROM jobs WHERE status = 'queued' ORDER BY id DESC LIMIT 5"
                )
                for (number,) in rows:
                    rival.execute(LOCK, {"id": number})
        except StoreUnavailable:
            pass  # the victim was the rival
    rival.close()
    wait_until(lambda: not engine.stats())
    assert project.runs("end") == once(1500)
    assert worker.stop() == 0
    assert worker.err == "", "errors that a retry cures are not logged"


def test_a_server_without_a_free_connection_is_waited_for(project):
    server = PostgresServer(config=["max_connections=6", "superuser_reserved_connections=3"])
    server.start()
    try:
        server.empty()
        engines = [server.engine() for _ in range(3)]
        engines[0].push(jobs(20))
        for engine in engines:
            engine.stats()
        with pytest.raises(StoreUnavailable):
            server.engine().stats()
        assert project.cli("job:stats", **server.environment).returncode == 3
        for engine in engines:
            engine.close()
        project.drain(**server.environment)
        assert project.runs("end") == once(20)
    finally:
        server.close()


def test_a_read_only_server_is_an_unavailable_store_until_it_takes_writes_again(server):
    engine = SqlEngine(server.database(), 0.2)
    engine.push(jobs(1))
    change = {
        "postgres": ("ALTER ROLE lightjobs SET default_transaction_read_only = {}", "on", "off"),
        "mysql": ("SET GLOBAL read_only = {}", "1", "0"),
    }[server.dialect]
    server.query(change[0].format(change[1]))
    server.kill_connections()
    try:
        for count in (1, 5):
            with pytest.raises(StoreUnavailable):
                engine.push(jobs(count))
        assert engine.problems()
    finally:
        server.query(change[0].format(change[2]))
    assert len(engine.push(jobs(1))) == 1


def test_a_server_that_is_not_there_exits_3_and_one_without_tables_4(server, project):
    for command in ("job:stats", "job:work"):
        done = project.cli(command, **{**server.environment, "DB_PORT": "1"})
        assert done.returncode == 3, command
        assert "Traceback" not in done.stderr
    server.reset()
    for command in ("job:stats", "job:work"):
        done = project.cli(command, **server.environment)
        assert done.returncode == 4, command
        assert "lightjobs migrate:up" in done.stderr
    pending = project.cli("migrate:up", "--dry-run", **server.environment)
    assert pending.returncode == 1
    assert "CREATE TABLE" in pending.stdout
    assert project.cli("migrate:up", **server.environment).returncode == 0
    assert project.cli("migrate:up", "--dry-run", **server.environment).returncode == 0
    assert project.cli("check", **server.environment).returncode in (0, 1)
    status = project.cli("migrate:status", **server.environment).stdout
    assert re.search(r"0002.*20\d\d-", status)
    latest = max(re.findall(r"\b\d{4}_\w+", status))
    assert f"rolled back {latest}" in project.cli("migrate:down", **server.environment).stdout

"""Failures of Redis and of the network: a worker goes on by itself, and no job is lost."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from lightjobs.engines import connect
from lightjobs.errors import StoreUnavailable
from lightjobs.model import NewJob
from lightjobs.settings.settings import load
from lightjobs.workers.loop import BACKOFF_SECONDS
from tests.support.servers.redis import redis_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def push(shared, count, sleep=0.0):
    payloads = [f'{{"n":{n},"sleep":{sleep}}}' for n in range(count)]
    return shared.engine("hash").push([NewJob("App\\Jobs\\Work", "default", p) for p in payloads])


def test_two_children_share_the_work_each_job_once(shared):
    push(shared, 2000)
    shared.project.drain("--workers=2")
    assert shared.project.runs("end") == {str(n): 1 for n in range(2000)}
    assert shared.engine("hash").stats() == {}
    assert shared.keys("jobs:job:*") == set()


def test_a_killed_childs_jobs_run_again_and_only_running_jobs_run_twice(shared):
    push(shared, 600, sleep=0.003)
    worker = shared.project.work().ready()
    wait_until(lambda: len(shared.project.book("end")) > 60)
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: not shared.engine("hash").stats())
    runs = shared.project.runs("start")
    assert len(runs) == 600
    assert sum(runs.values()) <= 601
    assert worker.stop() == 0


def test_connections_killed_in_a_loop_lose_and_repeat_nothing(shared):
    push(shared, 1500, sleep=0.002)
    worker = shared.project.work("--workers=2").ready()
    for _ in range(20):
        shared.raw.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        time.sleep(0.1)
    wait_until(lambda: not shared.engine("hash").stats())
    assert shared.project.runs("end") == {str(n): 1 for n in range(1500)}
    assert worker.stop() == 0
    assert "Traceback" not in worker.err


def test_scripts_flushed_from_the_server_are_sent_again(shared):
    push(shared, 300, sleep=0.002)
    worker = shared.project.work().ready()
    for _ in range(10):
        shared.raw.script_flush()
        time.sleep(0.05)
    wait_until(lambda: not shared.engine("hash").stats())
    assert shared.project.runs("end") == {str(n): 1 for n in range(300)}
    assert worker.stop() == 0


def test_an_idle_worker_is_woken_by_each_job(shared):
    worker = shared.project.work("--sleep=60").ready()
    for n in range(10):
        time.sleep(0.15)
        shared.engine("hash").push([NewJob("App\\Jobs\\Work", "default", f'{{"n":{n}}}')])
        wait_until(lambda n=n: shared.project.started(n))
    assert worker.stop() == 0


def test_delayed_jobs_start_when_they_are_due_when_idle(shared):
    engine = shared.engine("hash")
    worker = shared.project.work("--sleep=60").ready()
    late = []
    for n in range(8):
        due = time.time() + 0.31
        engine.push([NewJob("App\\Jobs\\Work", "default", f'{{"n":{n}}}', due)])
        wait_until(lambda n=n: shared.project.started(n))
        late.append(shared.project.book("start")[-1].at - time.monotonic() + time.time() - due)
    assert min(late) >= 0
    assert worker.stop() == 0


def test_a_job_that_php_dispatched_starts_within_sleep(shared):
    worker = shared.project.work("--sleep=0.5").ready()
    for n in range(4):
        time.sleep(0.2)
        shared.put_job(f"job_{n}")
        wait_until(lambda n=n: shared.project.started(f"job_{n}"))
    assert worker.stop() == 0


@pytest.fixture
def restarting(shared, monkeypatch):
    """A server that keeps its data through a kill, and the engine of a project that uses it."""
    with redis_server(persistent=True) as server:
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        yield server, connect(load())


@pytest.mark.parametrize("away", [0.3, 3])
def test_workers_go_on_within_two_seconds_of_the_servers_return(shared, restarting, away):
    server, engine = restarting
    payloads = [f'{{"n":{n},"sleep":0.005}}' for n in range(300)]
    engine.push([NewJob("App\\Jobs\\Work", "default", payload) for payload in payloads])
    worker = shared.project.work("--workers=2", **server.environment).ready()
    wait_until(lambda: len(shared.project.book("end")) > 30)
    server.kill()
    time.sleep(away)
    server.start()
    assert BACKOFF_SECONDS[1] < 2
    before = len(shared.project.book("end"))
    wait_until(lambda: len(shared.project.book("end")) > before + 5, what="back at work")
    wait_until(lambda: not engine.stats())
    assert shared.project.runs("end") == {str(n): 1 for n in range(300)}
    assert worker.stop() == 0
    assert "the store is away, trying again until it is back" in worker.err


def test_an_outage_has_one_line_when_it_begins_and_one_when_it_is_over(shared, restarting):
    """Whoever notices it: children, the supervisor that beats and registers a child, and the
    scheduler."""
    server, _ = restarting
    project = shared.project
    (project.root / "config").mkdir(exist_ok=True)
    (project.root / "config/schedule.py").write_text(
        "from app_jobs.work import Work\nfrom lightjobs.schedule import schedule\n\n"
        "schedule.job(Work).payload({'n': 1}).everySeconds(1)\n"
    )
    options = ("--workers=2", "--schedule", "--log-format=json", "--sleep=0.1")
    worker = project.work(*options, **server.environment)
    wait_until(lambda: worker.out.count('"ready"') == 2 and project.book("end"))
    server.kill()
    wait_until(lambda: "the store is away" in worker.out)
    os.kill(int(project.book("end")[-1].pid), signal.SIGKILL)
    time.sleep(3)
    server.start()
    wait_until(lambda: "the store is back" in worker.out)
    assert worker.stop() == 0
    assert worker.err == ""
    lines = map(json.loads, worker.out.splitlines())
    messages = [line["message"] for line in lines if line["event"] == "log"]
    messages = [message for message in messages if not message.startswith("dispatched")]
    assert [message.partition(",")[0].partition(" after")[0] for message in messages] == [
        "the store is away",
        "the store is back",
    ], messages


@pytest.mark.parametrize("options", [("--workers=2",), ("--workers=0",), ("--concurrency=3",)])
def test_a_stop_while_the_server_is_away_does_not_wait_for_it(shared, restarting, options):
    server, _ = restarting
    worker = shared.project.work(*options, "--grace=60", **server.environment).ready()
    time.sleep(0.3)
    server.kill()
    time.sleep(0.3)
    assert worker.stop() == 0
    assert "Traceback" not in worker.err


def test_a_stop_while_the_server_is_away_waits_until_finished_jobs_are_settled(shared, restarting):
    server, engine = restarting
    engine.push([NewJob("App\\Jobs\\Work", "default", '{"n":1,"sleep":0.5}')])
    worker = shared.project.work(**server.environment).ready()
    wait_until(lambda: shared.project.started(1))
    server.kill()
    wait_until(lambda: shared.project.book("end"))
    worker.signal(signal.SIGTERM)
    time.sleep(0.5)
    assert worker.running()
    server.start()
    assert worker.wait() == 0
    assert engine.stats() == {}


def fill(engine, pushed):
    pad = "x" * 4000
    for n in range(5000):
        payload = f'{{"n":{n},"pad":"{pad}"}}'
        pushed += engine.push([NewJob("App\\Jobs\\Work", "default", payload)])


def test_a_full_redis_refuses_dispatch_and_is_drained(shared, monkeypatch):
    with redis_server(maxmemory="6mb") as server:
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        engine = connect(load())
        pushed = []
        with pytest.raises(
            StoreUnavailable, match="redis: the job was not stored: the server is full"
        ):
            fill(engine, pushed)
        assert 0 < len(pushed) < 5000
        assert engine.stats()["default"]["new"] == len(pushed)
        shared.project.drain(**server.environment)
        assert len(shared.project.runs("end")) == len(pushed)


def test_a_server_that_is_not_there_exits_3_without_a_traceback(shared):
    for command in ("job:stats", "job:work"):
        done = shared.project.cli(command, REDIS_PORT="1")
        assert done.returncode == 3, command
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("lightjobs: redis: ")


@pytest.mark.parametrize("options", [(), ("--workers=0",)], ids=["child", "foreground"])
def test_a_server_that_comes_back_empty_is_worked_before_the_next_beat(shared, options):
    """The server does not know the worker any more, and the next beat is due only after a third of
    the lease."""
    worker = shared.project.work(*options, JOB_LEASE="180").ready()
    time.sleep(0.5)
    shared.raw.flushall()
    push(shared, 3)
    wait_until(lambda: len(shared.project.book("end")) == 3)
    assert worker.running()
    assert worker.stop() == 0
    assert "Traceback" not in worker.err

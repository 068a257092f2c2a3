"""Whole workers: `job:work` and PHP processes on one `jobs` table, with kills."""

from __future__ import annotations

import json
import time

import pytest

from lightjobs.model import NewJob, Status
from tests.support.waiting import wait_until

from .test_php_workers import PAYLOADS, SHOWS, shown

pytestmark = pytest.mark.slow

JOBS = 2000


def test_python_runs_what_php_dispatched(table):
    table.project.jobs(SHOWS)
    payloads = PAYLOADS[:-1]  # the last is longer than Lightpack's own column
    ids = [table.php("dispatch", handler="App\\Jobs\\Shows", payload=p) for p in payloads]
    table.project.drain()
    assert shown(table.project) == {
        job_id: (1, payload) for job_id, payload in zip(ids, payloads, strict=True)
    }
    assert table.jobs() == 0


def test_php_runs_what_a_python_application_dispatched(table):
    table.project.jobs(SHOWS)
    for payload in PAYLOADS[:-1]:
        done = table.project.cli("job:dispatch", "Shows", json.dumps(payload), "--json")
        assert done.returncode == 0, done.stderr
        claimed = table.php("claim", queue="default")
        assert claimed["id"] == json.loads(done.stdout)["id"]
        assert claimed["handler"] == "App\\Jobs\\Shows"
        assert (claimed["payload"] or {}) == payload


def test_an_idle_python_worker_starts_phps_job_by_itself(table):
    worker = table.project.work().ready()
    time.sleep(0.5)
    for n in range(5):
        table.php("dispatch", handler="App\\Jobs\\Work", payload={"n": n})
        wait_until(lambda n=n: table.project.started(n), 1.0, "its start")
    assert worker.stop() == 0


def test_php_reads_why_a_python_worker_failed_a_job_and_retries_it(table):
    table.project.jobs(SHOWS)
    job_id = table.php("dispatch", handler="App\\Jobs\\Fails", payload={})
    table.project.drain()
    shown = table.php("show", id=job_id)
    assert (shown["status"], shown["attempts"]) == (Status.FAILED, 2)
    assert "Überraschung 💥" in shown["exception"]
    assert table.php("retry") == 1
    assert table.php("claim", queue="default")["id"] == job_id


def test_python_fails_a_job_whose_class_only_php_has(table):
    job_id = table.php("dispatch", handler="App\\Jobs\\OnlyInPhp", payload={"n": 1})
    table.project.drain()
    shown = table.php("show", id=job_id)
    assert shown["status"] == Status.FAILED
    assert "OnlyInPhp" in shown["exception"]


def test_the_command_line_retries_what_php_has_failed(table):
    job_id = table.php("dispatch", handler="App\\Jobs\\Work", payload={"n": 1})
    table.php("claim", queue="default")
    table.php("fail", id=job_id, text="Card declined")
    assert "Card declined" in table.project.cli("job:show", job_id).stdout
    assert table.project.cli("job:retry", job_id).returncode == 0
    table.project.drain()
    assert table.project.runs("end") == {"1": 1}


def test_both_kinds_of_worker_on_one_queue_run_each_job_once(table):
    project = table.project
    jobs = [NewJob("App\\Jobs\\Work", "default", f'{{"n":{n},"sleep":0.001}}') for n in range(JOBS)]
    table.engine.push(jobs[::2])
    for n in range(1, JOBS, 2):
        table.php("dispatch", handler="App\\Jobs\\Work", payload={"n": n, "sleep": 0.001})
    worker = project.work("--workers=2").ready()
    peers = [table.peer(), table.peer()]
    for peer in peers:
        peer.send("work", queue="default", book=str(project.root / "book.txt"))
    counts = [peer.answer() for peer in peers]
    wait_until(lambda: table.jobs() == 0, 60, "all jobs are done")
    assert worker.stop() == 0
    by_php, by_python = project.runs("php"), project.runs("end")
    assert sum(counts) == by_php.total()
    assert by_php + by_python == dict.fromkeys(map(str, range(JOBS)), 1)
    assert min(by_php.total(), by_python.total()) > 50


def test_both_kinds_of_worker_share_the_queue_with_jobs_that_keep_coming(table):
    project, peer = table.project, table.peer()
    worker = project.work("--sleep=0.1").ready()
    peer.send("work", queue="default", book=str(project.root / "book.txt"), jobs=100)
    n = 0
    while not (project.runs("php").total() >= 100 and project.runs("end").total() >= 100):
        for _ in range(10):
            table.php("dispatch", handler="App\\Jobs\\Work", payload={"n": n})
            n += 1
        assert n < 5000, "one side gets nothing"
    peer.answer()
    wait_until(lambda: table.jobs() == 0, 30, "all jobs are done")
    assert worker.stop() == 0
    assert project.runs("php") + project.runs("end") == dict.fromkeys(map(str, range(n)), 1)


def test_what_a_crashed_php_worker_left_comes_back_when_people_say_so(table):
    job_id = table.php("dispatch", handler="App\\Jobs\\Work", payload={"n": 1})
    table.peer().send("claim and die", queue="default")
    wait_until(lambda: table.engine.find(job_id).status == Status.QUEUED, 5, "the claim")
    table.project.drain()
    for age, runs in (("10 minutes", {}), ("0 seconds", {"1": 1})):
        done = table.project.cli("job:recover", "--php", f"--older-than={age}")
        assert done.returncode == 0, done.stderr
        table.project.drain()
        assert table.project.runs("end") == runs


def test_recover_leaves_alone_what_a_python_worker_runs(table):
    table.php("dispatch", handler="App\\Jobs\\Work", payload={"n": 1, "sleep": 2})
    table.project.work().ready()
    wait_until(lambda: table.project.started(1), 5, "its start")
    done = table.project.cli("job:recover", "--php", "--older-than=0 seconds", "--json")
    assert json.loads(done.stdout) == {"count": 0}
    wait_until(lambda: table.project.runs("end"), 10, "its end")
    assert table.project.runs() == {"1": 1}

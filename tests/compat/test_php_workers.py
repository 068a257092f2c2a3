"""Whole workers: `job:work` and PHP processes on one queue, with kills: on a redis-server
(`shared`), in the `jobs` table of a MariaDB (`table`), or on each in turn (`queue`)."""

from __future__ import annotations

import json
import time

import pytest

from lightjobs.model import NewJob, Status
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SHOWS = """
import json

class Shows(Job):
    def handle(self):
        with open("shown.jsonl", "a") as file:
            file.write(json.dumps([self.context.id, self.context.attempt, self.payload]) + "\\n")

class Fails(Job):
    attempts = 2

    def handle(self):
        raise ValueError("Überraschung 💥")
"""
PAYLOADS = [
    {},
    {"unicode": "café “ok” 💥 \u0000 \u2028 \U0001d518", "Schlüssel": 1},
    {"slashes": "a/b\\c </script> \\u0041 \"quoted\" 'single'"},
    {"floats": [0.1, 1.5e300, -2.5e-10, 1.0, 1e15]},
    {"integers": [0, -1, 9007199254740993, 9223372036854775807, -9223372036854775808]},
    {"nested": [[], [[1, [2, [3]]], {"a": [None, True, False, ""]}]]},
    {"empty": {"list": [], "text": ""}},
    {"7": "a key that is a number", "": "and one that is empty"},
    {"imitation": '";s:8:"attempts";i:99;}', "newlines": "\r\n\t"},
]
JOBS = 2000


@pytest.fixture(params=["shared", "table"], ids=["redis", "table"])
def queue(request, lightpack):
    return request.getfixturevalue(request.param)


def shown(project):
    """What the handler of Shows has seen, by the job's id."""
    lines = (project.root / "shown.jsonl").read_text().splitlines()
    seen = {job_id: (attempt, payload) for job_id, attempt, payload in map(json.loads, lines)}
    assert len(seen) == len(lines)
    return seen


def test_python_runs_what_php_dispatched(queue):
    queue.project.jobs(SHOWS)
    ids = [queue.php("dispatch", handler="App\\Jobs\\Shows", payload=p) for p in PAYLOADS]
    queue.project.drain()
    assert shown(queue.project) == {
        job_id: (1, payload) for job_id, payload in zip(ids, PAYLOADS, strict=True)
    }
    assert queue.jobs() == 0


def test_python_runs_what_php_dispatched_with_a_long_payload(shared):
    """On Redis alone: Lightpack's own column takes 65,535 bytes."""
    shared.project.jobs(SHOWS)
    payload = {"long": "ü" * 100_000}
    job_id = shared.php("dispatch", handler="App\\Jobs\\Shows", payload=payload)
    shared.project.drain()
    assert shown(shared.project) == {job_id: (1, payload)}


def test_php_runs_what_a_python_application_dispatched(queue):
    queue.project.jobs(SHOWS)
    for payload in PAYLOADS:
        done = queue.project.cli(
            *("job:dispatch", "Shows", json.dumps(payload), "--json"), REDIS_JOB_FORMAT="php"
        )
        assert done.returncode == 0, done.stderr
        job_id = json.loads(done.stdout)["id"]
        claimed = wait_until(lambda: queue.php("claim", queue="default"), what="PHP finds it")
        assert (claimed["id"], claimed["handler"]) == (job_id, "App\\Jobs\\Shows")
        assert (claimed["payload"] or {}) == payload


def test_an_idle_python_worker_starts_phps_job_within_its_sleep(shared):
    worker = shared.project.work("--sleep=0.2").ready()
    time.sleep(0.5)
    for n in range(5):
        shared.php("dispatch", handler="App\\Jobs\\Work", payload={"n": n})
        wait_until(lambda n=n: shared.project.started(n), what="its start")
    assert worker.stop() == 0


def test_an_idle_python_worker_starts_phps_job_by_itself(table):
    worker = table.project.work().ready()
    time.sleep(0.5)
    for n in range(5):
        table.php("dispatch", handler="App\\Jobs\\Work", payload={"n": n})
        wait_until(lambda n=n: table.project.started(n), what="its start")
    assert worker.stop() == 0


def test_php_reads_why_a_python_worker_failed_a_job(queue):
    queue.project.jobs(SHOWS)
    job_id = queue.php("dispatch", handler="App\\Jobs\\Fails", payload={})
    queue.project.drain()
    job = queue.shown(job_id)
    assert (job["status"], job["attempts"]) == (Status.FAILED, 2)
    assert "Überraschung 💥" in job["exception"]
    assert queue.php("retry") == 1
    assert queue.php("claim", queue="default")["id"] == job_id


def test_python_leaves_a_job_whose_class_only_php_has(queue):
    job_id = queue.php("dispatch", handler="App\\Jobs\\OnlyInPhp", payload={"n": 1})
    before = queue.shown(job_id)
    queue.project.drain()
    after = queue.shown(job_id)
    assert (after["status"], after["attempts"]) == (Status.NEW, before["attempts"])
    assert queue.php("claim", queue="default")["id"] == job_id


def test_the_command_line_retries_what_php_has_failed(queue):
    job_id = queue.php("dispatch", handler="App\\Jobs\\Work", payload={"n": 1})
    queue.php("claim", queue="default")
    queue.php("fail", id=job_id, text="Card declined")
    assert "Card declined" in queue.project.cli("job:show", job_id).stdout
    assert queue.project.cli("job:retry", job_id).returncode == 0
    queue.project.drain()
    assert queue.project.runs("end") == {"1": 1}


def test_both_kinds_of_worker_on_one_queue_run_each_job_once(queue):
    project = queue.project
    jobs = [NewJob("App\\Jobs\\Work", "default", f'{{"n":{n},"sleep":0.001}}') for n in range(JOBS)]
    queue.push(jobs[::2])
    for n in range(1, JOBS, 2):
        queue.php("dispatch", handler="App\\Jobs\\Work", payload={"n": n, "sleep": 0.001})
    worker = project.work("--workers=2").ready()
    peers = [queue.peer(), queue.peer()]
    for peer in peers:
        peer.send("work", queue="default", book=str(project.root / "book.txt"))
    counts = [peer.answer() for peer in peers]
    wait_until(lambda: queue.jobs() == 0, 60, "all jobs are done")
    assert worker.stop() == 0
    by_php, by_python = project.runs("php"), project.runs("end")
    assert sum(counts) == by_php.total()
    assert by_php + by_python == dict.fromkeys(map(str, range(JOBS)), 1)
    assert min(by_php.total(), by_python.total()) > 10


EACH = 30


def test_both_kinds_of_worker_share_the_queue_with_jobs_that_keep_coming(queue):
    project, peer = queue.project, queue.peer()
    worker = project.work("--sleep=0.1").ready()
    peer.send("work", queue="default", book=str(project.root / "book.txt"), jobs=EACH)
    n = 0
    while not (project.runs("php").total() >= EACH and project.runs("end").total() >= EACH):
        for _ in range(10):
            queue.php("dispatch", handler="App\\Jobs\\Work", payload={"n": n})
            n += 1
        time.sleep(0.02)  # on a busy machine, neither side would get to run
        assert n < 5000, "one side gets nothing"
    peer.answer()
    wait_until(lambda: queue.jobs() == 0, what="all jobs are done")
    assert worker.stop() == 0
    assert project.runs("php") + project.runs("end") == dict.fromkeys(map(str, range(n)), 1)


def test_a_php_workers_crash_leaves_its_job_queued_in_no_set(shared):
    job_id = shared.php("dispatch", handler="App\\Jobs\\Work", payload={"n": 1})
    shared.peer().send("claim and die", queue="default")
    wait_until(lambda: shared.engine().find(job_id).status == Status.QUEUED, what="the claim")
    shared.project.drain()
    assert shared.project.runs() == {}
    shown = shared.php("show", id=job_id)
    assert (shown["job"]["status"], shown["queued"], shown["failed"]) == (Status.QUEUED, None, None)


def test_recover_puts_back_what_a_crashed_php_worker_left_long_ago(shared):
    old = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - 3600))
    gone, fresh = "job_6b0251ac994364.00000001", "job_6b0251ac994364.00000002"
    shared.put_job(gone, status="queued", attempts=1, scheduled_at=old, updated_at=old)
    now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    shared.put_job(fresh, status="queued", attempts=1, updated_at=now)
    shared.raw.delete("jobs:queue:default")
    done = shared.project.cli("job:recover", "--php", "--older-than=10 minutes")
    assert done.returncode == 0, done.stderr
    shared.project.drain()
    assert shared.project.runs("end") == {gone: 1}
    assert shared.engine().find(fresh).status == Status.QUEUED


def test_what_a_crashed_php_worker_left_comes_back_on_request(table):
    job_id = table.php("dispatch", handler="App\\Jobs\\Work", payload={"n": 1})
    table.peer().send("claim and die", queue="default")
    wait_until(lambda: table.engine.find(job_id).status == Status.QUEUED, what="the claim")
    table.project.drain()
    for age, runs in (("10 minutes", {}), ("0 seconds", {"1": 1})):
        done = table.project.cli("job:recover", "--php", f"--older-than={age}")
        assert done.returncode == 0, done.stderr
        table.project.drain()
        assert table.project.runs("end") == runs


def test_recover_leaves_alone_what_a_python_worker_runs(queue):
    queue.php("dispatch", handler="App\\Jobs\\Work", payload={"n": 1, "sleep": 3})
    queue.project.work().ready()
    wait_until(lambda: queue.project.started(1), what="its start")
    done = queue.project.cli("job:recover", "--php", "--older-than=0 seconds", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"count": 0}
    wait_until(lambda: queue.project.runs("end"), what="its end")
    assert queue.project.runs() == {"1": 1}


def test_workers_of_both_languages_leave_nothing_to_mend(queue, monkeypatch):
    """The moments in between, when PHP has changed a job and not yet its set, are no faults."""
    for store in ("redis", "sql"):
        monkeypatch.setattr(f"lightjobs.engines.{store}.consistency.LOOK_AGAIN_SECONDS", 0.2)
    project, peer = queue.project, queue.peer()
    engine = queue.engine() if callable(queue.engine) else queue.engine
    worker = project.work("--sleep=0.1").ready()
    peer.send("work", queue="default", book=str(project.root / "book.txt"), jobs=60)
    n = 0
    while not (project.runs("php").total() >= 60 and project.runs("end").total() >= 60):
        for _ in range(10):
            queue.php("dispatch", handler="App\\Jobs\\Work", payload={"n": n})
            n += 1
        assert n < 5000, "one side gets nothing"
        assert engine.consistency.verify(fix=True) == []
    peer.answer()
    wait_until(lambda: queue.jobs() == 0, what="all jobs are done")
    assert worker.stop() == 0
    assert engine.consistency.verify(fix=False) == []
    assert project.runs("php") + project.runs("end") == dict.fromkeys(map(str, range(n)), 1)

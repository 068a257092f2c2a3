"""The schedule from end to end: commands, schedulers and workers in processes of their own."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.support.project import COMMAND, Project
from tests.support.waiting import wait_until
from tests.support.worker import Worker

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.slow

SCHEDULE = """
from app_jobs.more import Fails
from app_jobs.work import Work
from lightjobs.schedule import schedule

schedule.job(Work).name("often").payload({"n": "often"}).everySeconds(1)
schedule.job(Work).name("minutely").payload({"n": "minutely"}).cron("* * * * *")
schedule.job(Fails).name("bad").cron("0 0 1 1 *").timezone("Europe/Paris")
"""
PAYMENT = """
from lightjobs import Job


class ProcessPayment(Job):
    def handle(self):
        pass
"""
FAILS = """
class Fails(Job):
    def handle(self):
        raise ValueError("boom")
"""


@pytest.fixture(params=["sqlite", "redis", pytest.param("pgbouncer", marks=pytest.mark.long)])
def scheduled(request, project):
    """A project with a schedule, and the environment that names its store."""
    project.jobs(FAILS)
    (project.root / "config").mkdir()
    (project.root / "config" / "schedule.py").write_text(SCHEDULE)
    if request.param == "redis":
        found = request.getfixturevalue("clean_redis").environment
        return project, {**found, "JOB_ENGINE": "redis"}
    if request.param == "pgbouncer":
        return project, request.getfixturevalue("clean_pgbouncer").environment
    return project, {}


def call(scheduled, *arguments):
    project, environment = scheduled
    done = project.cli(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def entry(scheduled, name):
    listed = json.loads(call(scheduled, "schedule:list", "--json"))["entries"]
    return next(one for one in listed if one["name"] == name)


def test_a_worker_with_schedule_dispatches_and_runs_until_paused(scheduled):
    project, environment = scheduled
    begun = int(time.time())
    worker = project.work("--schedule", **environment).ready()
    wait_until(lambda: project.runs("end")["often"] >= 2)
    call(scheduled, "schedule:pause", "often")
    time.sleep(0.5)  # what was dispatched before
    runs = project.runs("end")["often"]
    time.sleep(1.5)
    assert project.runs("end")["often"] == runs
    call(scheduled, "schedule:resume", "often")
    wait_until(lambda: project.runs("end")["often"] > runs)
    assert len(worker.children()) == 2  # one works, one schedules
    assert worker.stop() == 0
    often = entry(scheduled, "often")
    assert begun <= datetime.fromisoformat(often["last_due_utc"]).timestamp() <= time.time()
    assert often["last_outcome"] in ("completed", "new", "queued")
    starts = project.book("start")
    assert len({int(start.at) for start in starts if start.n == "often"}) >= 3


def test_a_system_cron_dispatches_each_minute_once(scheduled):
    project, environment = scheduled
    first = int(time.time() // 60)
    for _ in range(2):
        call(scheduled, "schedule:events")
    minutes = int(time.time() // 60) - first + 1
    project.drain(**environment)
    assert 1 <= project.runs("end")["minutely"] <= minutes
    assert entry(scheduled, "minutely")["last_outcome"] == "completed"
    assert entry(scheduled, "bad")["last_due"] is None


def test_an_entry_is_tried_by_hand_whatever_the_time(scheduled):
    project, environment = scheduled
    told = json.loads(call(scheduled, "schedule:test", "bad", "--json"))
    assert told["queue"] == "default"
    project.drain(**environment)
    (failed,) = json.loads(call(scheduled, "job:failed", "--json"))["jobs"]
    assert failed["id"] == told["id"]
    bad = entry(scheduled, "bad")
    assert (bad["last_due"], bad["paused"]) == (None, False)
    assert bad["next_due"].endswith("-01-01T00:00:00+01:00")


def test_the_example_works_when_it_is_uncommented(project):
    example = (REPOSITORY / "config" / "schedule.py").read_text()
    (project.root / "config").mkdir()
    code = re.sub("^# ?", "", example.partition('"""\n\n')[2], flags=re.MULTILINE)
    (project.root / "config" / "schedule.py").write_text(code)
    project.module("process_payment", PAYMENT)
    old = project.insert("App\\Jobs\\Gone", "{}", status="failed", failed_at="2001-01-01 00:00:00")
    young = project.insert(
        "App\\Jobs\\Gone", "{}", status="failed", failed_at="9000-01-01 00:00:00"
    )
    scheduled = project, {}
    listed = json.loads(call(scheduled, "schedule:list", "--json"))["entries"]
    assert [one["name"] for one in listed] == [
        "ProcessPayment 0 9 * * *",
        "retries",
        "rsync 0 3 1,15 * *",
        "CleanupJob 0 4 * * *",
    ]
    call(scheduled, "schedule:test", "CleanupJob 0 4 * * *")
    project.drain()
    assert [str(row["id"]) for row in project.rows()] == [young] != [old]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_scheduler_that_gets_term_from_outside_is_replaced(
    project: Project, workers: int
) -> None:
    worker = with_scheduler(project, f"--workers={workers}")
    first = scheduler_of(worker)
    os.kill(first, signal.SIGTERM)
    wait_until(lambda: scheduler_of(worker) not in (0, first))
    assert "the scheduler was stopped from outside; starting another" in worker.err
    assert worker.stop() == 0


@pytest.mark.parametrize("workers", [0, 1])
def test_a_term_to_all_processes_starts_no_other_scheduler(project: Project, workers: int) -> None:
    project.push_work(1, sleep=2.5)
    worker = with_scheduler(project, f"--workers={workers}")
    wait_until(lambda: project.started(0))
    worker.signal_all(signal.SIGTERM)
    assert worker.wait() == 0
    assert project.runs("end") == {"0": 1}
    assert "starting another" not in worker.err


def with_scheduler(project: Project, *options: str) -> Worker:
    (project.root / "config").mkdir()
    (project.root / "config/schedule.py").write_text(
        "from lightjobs.schedule import schedule\n"
        "from app_jobs.work import Work\n"
        "schedule.job(Work).cron('0 0 29 2 *')\n"
    )
    worker = project.work("--schedule", *options).ready()
    wait_until(lambda: scheduler_of(worker))
    wait_until(lambda: worker.out.count("[READY]") == 2)
    return worker


def scheduler_of(worker: Worker) -> int:
    """The process id of its scheduler; 0 while there is none."""
    for pid in worker.children():
        with contextlib.suppress(OSError):
            if b"schedule:work" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
    return 0


@pytest.mark.parametrize("server", ["mariadb", "postgres"])
def test_a_scheduler_that_is_stopped_closes_its_connection(
    request: pytest.FixtureRequest, project: Project, server: str
) -> None:
    """PyMySQL's connections would print a traceback at the end of the interpreter."""
    found = request.getfixturevalue(f"clean_{server}")
    (project.root / "config").mkdir()
    (project.root / "config/schedule.py").write_text(SCHEDULE.partition("schedule.job(Fails)")[0])
    project.jobs(FAILS)
    process = subprocess.Popen(
        [*COMMAND, "schedule:work", "--quiet"],
        cwd=project.root,
        env=project.environment(**found.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        wait_until(lambda: found.query("SELECT count(*) FROM jobs")[0][0] > 0)
        process.terminate()
        printed, _ = process.communicate(timeout=30)
    assert (process.returncode, printed) == (0, "")

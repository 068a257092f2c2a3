"""kill -9 of children: no job is lost or spends an attempt, and only running jobs run twice."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until
from tests.support.worker import Worker

pytestmark = pytest.mark.slow


def kill_one(worker: Worker) -> int:
    """Kill one of the children; returns its pid."""
    child = random.choice(wait_until(worker.children))
    os.kill(child, signal.SIGKILL)
    return child


@pytest.mark.parametrize("concurrency", [1, 4])
def test_killing_a_child_under_load_loses_nothing_and_repeats_only_running_jobs(
    project: Project, concurrency: int
) -> None:
    project.push_work(600, sleep=0.005)
    worker = project.work(f"--concurrency={concurrency}")
    wait_until(lambda: len(project.book("start")) > 300)
    killed = kill_one(worker)
    wait_until(project.empty, what="all done")
    runs = project.runs()
    assert len(runs) == 600
    repeated = [n for n, count in runs.items() if count > 1]
    assert len(repeated) <= concurrency
    assert all(count <= 2 for count in runs.values())
    assert set(project.runs("end")) == set(runs)
    assert killed not in {entry.pid for entry in project.book()[-10:]}


def test_the_jobs_of_a_killed_child_start_again_without_waiting_for_its_lease(
    project: Project,
) -> None:
    project.push("Work", *({"n": n, "sleep": 60} for n in range(4)))
    worker = project.work("--concurrency=4", "--grace=0", "--sleep=60", JOB_LEASE="120")
    wait_until(lambda: len(project.book("start")) == 4)
    kill_one(worker)
    wait_until(lambda: len(project.book("start")) == 8)
    rows = project.rows()
    assert {(row["attempts"], row["recoveries"]) for row in rows} == {(1, 1)}


def test_the_jobs_of_a_killed_child_go_to_other_children_at_once(project: Project) -> None:
    worker = project.work("--workers=2", "--grace=0", "--sleep=60", JOB_LEASE="120").ready()
    siblings = worker.children()
    project.push("Work", {"n": 1, "sleep": 60})
    entry = wait_until(lambda: project.book("start"))[0]
    os.kill(entry.pid, signal.SIGKILL)
    wait_until(lambda: len(project.book("start")) == 2)
    assert project.book("start")[1].pid in siblings, "nor does it wait for a new child"
    assert worker.running()


def test_a_job_with_one_attempt_survives_three_kills_and_completes(project: Project) -> None:
    (job_id,) = project.push("Work", {"n": 1, "sleep": 0.6})
    project.work()
    for run in (1, 2, 3):
        entry = wait_until(lambda run=run: project.book("start")[run - 1 :])[0]
        os.kill(entry.pid, signal.SIGKILL)
        wait_until(lambda run=run: project.row(job_id)["recoveries"] == run)
    wait_until(project.empty)
    assert project.runs("start") == {"1": 4}
    assert project.runs("end") == {"1": 1}


def test_killing_a_child_every_300_ms_loses_and_fails_nothing(project: Project) -> None:
    project.push_work(1500, sleep=0.005)
    worker = project.work("--workers=2").ready()
    kills = 0
    until = time.monotonic() + 5
    while time.monotonic() < until:
        kill_one(worker)
        kills += 1
        time.sleep(0.3)
    wait_until(project.empty, what="all done")
    runs = project.runs()
    assert len(runs) == 1500
    assert sum(runs.values()) - 1500 <= kills
    assert set(project.runs("end")) == set(runs)
    assert worker.stop() == 0


def test_jobs_that_a_killed_child_had_finished_do_not_run_again(project: Project) -> None:
    project.jobs(
        """
class KillsAfter(Job):
    def handle(self):
        record("start", "killer")
        if not os.path.exists("killed"):
            open("killed", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    project.push_work(1000)
    project.push("KillsAfter", {})
    project.push_work(500, start=1000)
    project.drain()
    runs = project.runs()
    assert runs.pop("killer") == 2
    assert runs == {str(n): 1 for n in range(1500)}


def test_a_failure_noted_before_the_crash_counts_as_an_attempt(project: Project) -> None:
    project.jobs(
        """
class Fails(Job):
    attempts = 2
    def handle(self):
        record("try", self.context.attempt)
        raise ValueError(self.context.attempt)

class Kills(Job):
    def handle(self):
        if not os.path.exists("killed"):
            open("killed", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    project.push_work(200)
    ids = [project.push("Fails", {})[0] for _ in range(5)]
    project.push("Kills", {})
    project.drain()
    assert project.runs("try") == {"1": 5, "2": 5}
    assert [str(row["id"]) for row in project.rows("status = 'failed'")] == ids
    assert {row["recoveries"] for row in project.rows()} == {0}


def test_max_jobs_counts_only_runs_when_children_are_killed(project: Project) -> None:
    """Jobs that a killed child had claimed but not started are not counted. A child that is killed
    during its claim takes a few runs with it; one that is killed as a job starts takes one."""
    project.push_work(3000, sleep=0.0003)
    worker = project.work("--max-jobs=2000")
    kills = 0
    for started in range(100, 501, 100):
        wait_until(lambda started=started: len(project.book("start")) > started)
        if not worker.running():  # on a busy machine, this may see too late how far the worker is
            break
        with contextlib.suppress(IndexError, ProcessLookupError):  # it is ending just now
            os.kill(random.choice(worker.children()), signal.SIGKILL)
            kills += 1
    assert kills
    assert worker.wait() == 0
    # Five kills, each within a claim at worst: of 5 ms of jobs that take 0.3 ms, so of 17.
    assert 2000 - 5 * 17 <= len(project.book("start")) <= 2000
    assert {row["attempts"] for row in project.rows()} == {0}


def test_a_child_killed_during_a_graceful_stop_still_has_its_jobs_handed_back(
    project: Project,
) -> None:
    project.push("Work", {"n": 1, "sleep": 30})
    worker = project.work("--grace=20")
    wait_until(lambda: project.started(1))
    worker.signal(signal.SIGTERM)
    time.sleep(0.2)
    kill_one(worker)
    assert worker.wait() == 0
    assert project.statuses() == {"new": 1}
    assert project.rows()[0]["attempts"] == 0

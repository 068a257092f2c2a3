"""--cooldown, --max-jobs, --max-memory, --sleep."""

from __future__ import annotations

import time

import pytest

from tests.support.processes import cpu_seconds
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def test_cooldown_stops_a_sleeping_worker_with_exit_0(project: Project) -> None:
    worker = project.work("--cooldown=1", "--sleep=60").ready()
    assert worker.wait() == 0


def test_cooldown_lets_the_job_that_runs_in_the_same_process_finish(project: Project) -> None:
    project.push("Work", {"n": 1, "sleep": 4})
    worker = project.work("--cooldown=2", "--workers=0")
    assert worker.wait() == 0
    assert project.runs("end") == {"1": 1}
    assert "[STOPPING].......... --cooldown is over; running jobs may take 25 s" in worker.out


def test_cooldown_stops_a_busy_worker_and_loses_nothing(project: Project) -> None:
    project.push_work(2000, sleep=0.005)
    worker = project.work("--cooldown=1", "--workers=2").ready()
    assert worker.wait() == 0
    runs = project.runs("end")
    assert len(runs) > 100
    assert set(runs.values()) == {1}
    assert project.statuses() == {"new": 2000 - len(runs)}
    assert {row["attempts"] for row in project.rows()} == {0}


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_max_jobs_is_exact_over_all_children(project: Project, workers: int) -> None:
    project.push_work(400, sleep=0.001)
    worker = project.work("--max-jobs=150", f"--workers={workers}")
    assert worker.wait() == 0
    assert len(project.book("end")) == 150
    assert project.statuses() == {"new": 250}
    assert {row["attempts"] for row in project.rows()} == {0}


def test_max_jobs_waits_for_jobs_to_come(project: Project) -> None:
    worker = project.work("--max-jobs=3").ready()
    time.sleep(0.5)
    assert worker.running(), "an empty queue is not the end"
    project.push_work(5)
    assert worker.wait() == 0
    assert len(project.book("end")) == 3


def test_max_jobs_counts_every_run_of_a_retried_job(project: Project) -> None:
    project.jobs(
        """
class Fails(Job):
    attempts = 10
    def handle(self):
        record("start", 0)
        raise ValueError
"""
    )
    project.push("Fails", {})
    assert project.work("--max-jobs=4").wait() == 0
    assert len(project.book("start")) == 4


def test_max_memory_replaces_a_child_and_loses_nothing(project: Project) -> None:
    project.jobs(
        """
hoard = []

class Hoards(Job):
    def handle(self):
        hoard.append(bytearray(4_000_000))
        record("start", self.payload["n"])
        time.sleep(0.01)
"""
    )
    project.push("Hoards", *({"n": n} for n in range(60)))
    worker = project.drain("--max-memory=100M")
    assert project.runs() == {str(n): 1 for n in range(60)}
    assert project.empty()
    assert len({entry.pid for entry in project.book()}) > 1
    assert worker.pid not in {entry.pid for entry in project.book()}


def test_a_child_that_outgrows_while_idle_is_replaced(project: Project) -> None:
    project.jobs(
        """
hoard = []

class Hoards(Job):
    def handle(self):
        threading.Timer(0.3, lambda: hoard.append(bytearray(150_000_000))).start()
        record("start", self.payload["n"])
"""
    )
    project.push("Hoards", {"n": 1})
    worker = project.work("--max-memory=120M").ready()
    wait_until(lambda: project.started(1))
    (first,) = worker.children()
    wait_until(lambda: (now := worker.children()) and first not in now, what="replaced")
    project.push_work(1, start=2)
    wait_until(lambda: project.started(2))


def test_sleep_is_the_longest_pause_of_an_idle_worker_not_a_delay_of_its_stop(
    project: Project,
) -> None:
    worker = project.work("--sleep=60").ready()
    time.sleep(0.3)
    assert worker.stop() == 0


def test_an_idle_worker_does_not_spin(project: Project) -> None:
    worker = project.work().ready()
    (child,) = worker.children()
    time.sleep(0.3)
    before = cpu_seconds(child) + cpu_seconds(worker.pid)
    time.sleep(2)
    used = cpu_seconds(child) + cpu_seconds(worker.pid) - before
    assert used < 0.4, "20 % of a core; the benchmark demands 2 %"


@pytest.mark.parametrize("workers", [0, 2])
def test_a_short_run_deletes_what_is_kept_no_longer(project: Project, workers: int) -> None:
    project.insert("App\\Jobs\\Work", "{}", status="failed", failed_at="2020-01-01 00:00:00")
    project.insert("App\\Jobs\\Work", "{}", status="failed", failed_at="2099-01-01 00:00:00")
    worker = project.work("--stop-when-empty", f"--workers={workers}", RETAIN_FAILED="7 days")
    assert worker.wait() == 0
    assert [row["failed_at"] for row in project.rows()] == ["2099-01-01 00:00:00"]

"""kill -9 of the supervisor, alone or with its children."""

from __future__ import annotations

import signal
import time

import pytest

from tests.support.processes import alive, parents
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

LEASE = 2.0


@pytest.mark.parametrize("workers", [0, 2])
def test_killing_supervisor_and_children_loses_nothing_and_reruns_after_the_lease(
    project: Project, workers: int
) -> None:
    project.push_work(200, sleep=0.005)
    project.push_work(2, start=200, queue="long", sleep=1)
    worker = project.work(f"--workers={workers}", "--queue=long,default", JOB_LEASE=str(LEASE))
    wait_until(lambda: len(project.book("start")) > (2 if workers else 0))
    worker.signal_all(signal.SIGKILL)
    worker.wait()
    held = [row["id"] for row in project.rows("status = 'queued'")]
    assert held
    heir = project.work("--workers=2", "--queue=long,default", JOB_LEASE=str(LEASE)).ready()
    marks = ", ".join(map(str, held))
    wait_until(
        lambda: not project.rows(f"id IN ({marks}) AND recoveries = 0 AND status = 'queued'")
    )
    wait_until(project.empty, what="all done")
    assert len(project.runs("end")) == 202
    assert heir.stop() == 0


def test_after_supervisor_and_child_died_no_job_held_with_a_killer_fails(
    project: Project,
) -> None:
    """Supervisor and child die together: no record tells which of the held jobs had started. Each
    time, quick jobs of another queue teach the worker to claim many at once."""
    project.jobs(
        """
class KillsAll(Job):
    def handle(self):
        record("start", "killer")
        os.killpg(0, signal.SIGKILL)
"""
    )
    project.push("KillsAll", {})
    project.push_work(50)
    for run in (1, 2, 3, 4):
        project.push_work(400, start=1000 * run, queue="quick")
        project.work("--queue=quick,default", JOB_LEASE="1").wait()
        assert project.runs()["killer"] == run
    worker = project.work(JOB_LEASE="1").ready()
    wait_until(lambda: project.statuses() == {"failed": 1})
    (row,) = project.rows()
    assert row["exception"].startswith("worker lost")
    assert len(project.runs("end")) == 50 + 4 * 400
    assert worker.stop() == 0


@pytest.mark.parametrize("options", [("--workers=2",), ("--concurrency=4",)])
def test_children_of_a_killed_supervisor_stop_by_themselves_and_lose_nothing(
    project: Project, options: tuple[str, ...]
) -> None:
    project.push_work(2000, sleep=0.005)
    worker = project.work(*options, JOB_LEASE=str(LEASE)).ready()
    wait_until(lambda: len(project.book("start")) > 100)
    children = worker.children()
    worker.signal(signal.SIGKILL)
    wait_until(lambda: not set(children) & set(parents()), what="children have stopped")
    runs = project.runs("end")
    assert project.runs("start") == runs
    assert set(runs.values()) == {1}
    assert project.statuses() == {"new": 2000 - len(runs)}
    assert {(row["attempts"], row["recoveries"]) for row in project.rows()} == {(0, 0)}


def test_an_idle_child_of_a_killed_supervisor_stops_too(project: Project) -> None:
    worker = project.work("--sleep=60").ready()
    (child,) = worker.children()
    worker.signal(signal.SIGKILL)
    wait_until(lambda: not alive(child))


def test_a_child_whose_supervisor_died_while_it_started_stops_too(project: Project) -> None:
    project.module("slow", "import time\ntime.sleep(0.5)\n")
    worker = project.work(JOB_LEASE=str(LEASE))
    (child,) = wait_until(worker.children)
    worker.signal(signal.SIGKILL)
    wait_until(lambda: not alive(child))


def test_the_jobs_of_a_child_killed_with_its_supervisor_run_again_even_much_later(
    project: Project,
) -> None:
    """No worker looked for dead ones for longer than a lease: those get half a lease more."""
    project.push("Work", {"n": 1, "sleep": 1})
    worker = project.work(JOB_LEASE="1")
    wait_until(lambda: project.started(1))
    worker.signal_all(signal.SIGKILL)
    time.sleep(2.5)
    project.work(JOB_LEASE="1").ready()
    wait_until(lambda: len(project.book("start")) == 2)
    wait_until(project.empty)

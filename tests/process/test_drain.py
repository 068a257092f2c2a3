"""A worker processes what there is, in order, each job once."""

from __future__ import annotations

import os
from collections import Counter

import pytest

from tests.support.project import Project

pytestmark = pytest.mark.slow


def test_stop_when_empty_processes_everything_and_exits_0(project: Project) -> None:
    project.push_work(500)
    project.drain()
    assert project.empty()
    assert project.runs("end") == {str(n): 1 for n in range(500)}


def drain_without_waiting(project: Project) -> None:
    """Waiting for a job would take at least a third of the lease: ten times the time that the test
    has."""
    project.drain("--sleep=900", JOB_LEASE="900", seconds=30)


def test_stop_when_empty_on_an_empty_queue_ends_at_once(project: Project) -> None:
    drain_without_waiting(project)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="Linux only")
@pytest.mark.parametrize("workers", [0, 2])
def test_a_worker_needs_no_folder_for_temporary_files(project: Project, workers: int) -> None:
    """A container may have no writable folder, and TMPDIR may be full."""
    project.patch(
        "import tempfile\n"
        "def none(*args, **keywords): raise OSError(30, 'Read-only file system')\n"
        "tempfile.mkstemp = none\n"
    )
    project.push_work(20)
    project.drain(f"--workers={workers}", "--max-jobs=100", TMPDIR="/nonexistent")
    assert project.runs("end") == {str(n): 1 for n in range(20)}


def test_stop_when_empty_leaves_jobs_that_are_not_due(project: Project) -> None:
    project.push("Work", {"n": 1}, due=4e9)
    drain_without_waiting(project)
    assert project.statuses() == {"new": 1}


def test_a_job_dispatched_on_the_command_line_is_worked(project: Project) -> None:
    done = project.cli("job:dispatch", "Work", '{"n": 7}', "--queue=payments")
    assert done.returncode == 0, done.stderr
    project.drain("--queue=payments")
    assert project.runs("end") == {"7": 1}


def test_only_the_named_queues_are_worked(project: Project) -> None:
    project.push("Work", {"n": 1}, queue="mine")
    project.push("Work", {"n": 2}, queue="other")
    project.drain("--queue=mine")
    assert [row["queue"] for row in project.rows()] == ["other"]
    assert project.runs() == {"1": 1}


def test_queues_are_worked_in_strict_order(project: Project) -> None:
    project.push_work(150, start=300, queue="last")
    project.push_work(150, start=0, queue="first")
    project.push_work(150, start=150, queue="second")
    project.drain("--queue=first,second,last")
    assert [entry.n for entry in project.book("start")] == [str(n) for n in range(450)]


def test_a_job_of_the_first_queue_overtakes_those_that_wait_in_the_second(
    project: Project,
) -> None:
    project.jobs(
        """
class Urgent(Job):
    def handle(self):
        record("urgent", 0)

class Dispatches(Job):
    def handle(self):
        time.sleep(0.02)
        Urgent().setQueue("urgent").dispatch({})
"""
    )
    project.push("Dispatches", {}, queue="low")
    project.push_work(50, queue="low", sleep=0.02)
    project.drain("--queue=urgent,low")
    assert [entry.event for entry in project.book()].index("urgent") < 10


def test_two_workers_share_2000_jobs_and_run_each_once(project: Project) -> None:
    project.push_work(2000, sleep=0.0005)
    project.drain("--workers=2")
    assert project.empty()
    assert project.runs("end") == {str(n): 1 for n in range(2000)}
    shares = Counter(entry.pid for entry in project.book("end"))
    assert len(shares) == 2
    assert min(shares.values()) > 200


def test_two_job_work_commands_share_a_queue_and_run_each_job_once(project: Project) -> None:
    project.push_work(1000, sleep=0.001)
    workers = [project.work("--stop-when-empty") for _ in range(2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    assert project.runs("end") == {str(n): 1 for n in range(1000)}


def test_with_workers_0_jobs_run_in_the_process_itself(project: Project) -> None:
    project.push_work(100)
    worker = project.drain("--workers=0")
    assert {entry.pid for entry in project.book()} == {worker.pid}
    assert project.runs("end") == {str(n): 1 for n in range(100)}


def test_a_failing_job_is_retried_until_its_attempts_are_spent(project: Project) -> None:
    project.jobs(
        """
class Flaky(Job):
    attempts = 3
    def handle(self):
        record("try", self.context.attempt)
        if self.context.attempt < self.payload["good"]:
            raise ValueError("not yet")
"""
    )
    project.push("Flaky", {"good": 3})
    hopeless = project.push("Flaky", {"good": 9})[0]
    project.drain()
    assert project.runs("try") == {"1": 2, "2": 2, "3": 2}
    (row,) = project.rows()
    assert (str(row["id"]), row["status"], row["attempts"]) == (hopeless, "failed", 3)
    assert row["exception"].startswith("ValueError: not yet")


def test_no_worker_is_left_in_the_store(project: Project) -> None:
    project.push_work(10)
    project.drain("--workers=2")
    with project.connection() as connection:
        assert connection.execute("SELECT count(*) FROM job_workers").fetchone()[0] == 0

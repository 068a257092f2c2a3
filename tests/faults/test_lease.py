"""Leases: a worker that has one keeps its jobs; a worker that has lost it cannot settle them."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("options", [(), ("--concurrency=3",)])
def test_the_late_outcomes_of_a_suspended_worker_are_refused(
    project: Project, options: tuple[str, ...]
) -> None:
    project.jobs(
        """
class Slow(Job):
    attempts = 5
    def handle(self):
        record("start", self.payload["n"])
        time.sleep(1)
        record("end", self.payload["n"])
    def onSuccess(self):
        record("accepted", self.payload["n"])
"""
    )
    project.push("Slow", *({"n": n} for n in range(3)))
    stopped = project.work(*options, JOB_LEASE="1")
    wait_until(lambda: len(project.book("start")) == (3 if options else 1))
    held = {entry.n for entry in project.book("start")}
    children = stopped.children()
    stopped.signal_all(signal.SIGSTOP)
    other = project.work("--concurrency=3", JOB_LEASE="1").ready()
    wait_until(lambda: all(project.runs()[n] == 2 for n in held), what="taken over")
    stopped.signal_all(signal.SIGCONT)
    wait_until(project.empty)
    wait_until(lambda: stopped.out.count("[LOST]") >= len(held))
    wait_until(lambda: len(project.runs("accepted")) == 3)
    assert project.runs("accepted") == {"0": 1, "1": 1, "2": 1}
    assert stopped.out.count("[LOST]") == len(held)
    assert "refused" in stopped.err

    assert other.stop() == 0
    project.push_work(3, start=10)
    wait_until(lambda: len(project.runs("end")) == 6, what="new work under a new name")
    assert not {entry.pid for entry in project.book() if int(entry.n) >= 10} & set(children)
    assert stopped.stop() == 0


def test_a_child_whose_name_was_given_up_claims_nothing_under_it(project: Project) -> None:
    """Jobs that it claimed under that name would never be recovered."""
    project.push("Work", {"n": 1, "sleep": 0.5})
    stopped = project.work(JOB_LEASE="1")
    (child,) = {entry.pid for entry in wait_until(lambda: project.book("start"))}
    stopped.signal_all(signal.SIGSTOP)
    other = project.work(JOB_LEASE="1")
    wait_until(project.empty, what="taken over")
    assert other.stop() == 0
    project.push_work(3, start=10)
    os.kill(child, signal.SIGCONT)
    time.sleep(1)
    assert project.statuses() == {"new": 3}
    stopped.signal_all(signal.SIGCONT)
    wait_until(project.empty)
    assert child not in {entry.pid for entry in project.book() if entry.n != "1"}


def test_a_failure_in_a_suspended_worker_does_not_fail_a_job_that_another_has_taken_over(
    project: Project,
) -> None:
    project.jobs(
        """
class FailsFirst(Job):
    def handle(self):
        record("start", 1)
        if not os.path.exists("first"):
            open("first", "w").close()
            time.sleep(0.5)
            raise ValueError("late")
        time.sleep(2)
        record("end", 1)
"""
    )
    project.push("FailsFirst", {})
    stopped = project.work(JOB_LEASE="1")
    wait_until(lambda: project.book("start"))
    stopped.signal_all(signal.SIGSTOP)
    project.work(JOB_LEASE="1")
    wait_until(lambda: project.runs()["1"] == 2)
    stopped.signal_all(signal.SIGCONT)
    wait_until(lambda: "refused" in stopped.err or "LOST" in stopped.out)
    assert project.statuses() == {"queued": 1}
    wait_until(project.empty)
    assert project.runs("end") == {"1": 1}


def test_a_handler_that_holds_the_gil_longer_than_the_lease_keeps_its_job(
    project: Project,
) -> None:
    project.jobs(
        """
class HoldsGil(Job):
    def handle(self):
        record("start", 1)
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            sum(range(10**7))  # C code that never lets go; between two of them nobody is quick
            sys.setswitchinterval(100)
        record("end", 1)
"""
    )
    project.push("HoldsGil", {})
    project.work("--workers=2", JOB_LEASE="1").ready()
    project.work(JOB_LEASE="1").ready()
    wait_until(project.empty)
    assert project.runs("start") == {"1": 1}
    assert project.runs("end") == {"1": 1}


def test_a_job_longer_than_the_lease_is_not_taken_over(project: Project) -> None:
    project.push("Work", {"n": 1, "sleep": 2.2})
    project.push("AsyncWork", {"n": 2, "sleep": 2.2})
    project.work("--concurrency=2", JOB_LEASE="1").ready()
    project.work("--workers=0", "--concurrency=2", JOB_LEASE="1").ready()
    wait_until(project.empty)
    assert project.runs("start") == {"1": 1, "2": 1}


def test_the_lease_is_kept_by_the_supervisor_while_its_children_are_suspended(
    project: Project,
) -> None:
    """A suspended child is not dead: the supervisor beats for it, so its job does not run twice."""
    project.push("Work", {"n": 1, "sleep": 0.3})
    worker = project.work(JOB_LEASE="1")
    entry = wait_until(lambda: project.book("start"))[0]
    os.kill(entry.pid, signal.SIGSTOP)
    project.work(JOB_LEASE="1").ready()
    time.sleep(2)
    os.kill(entry.pid, signal.SIGCONT)
    wait_until(project.empty)
    assert project.runs() == {"1": 1}
    assert worker.running()

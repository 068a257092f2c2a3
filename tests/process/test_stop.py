"""TERM, INT, the second signal, and the end of --grace."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.processes import parents
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_a_sleeping_worker(project: Project, number: int, workers: int) -> None:
    worker = project.work(f"--workers={workers}", "--sleep=60", "--grace=60").ready()
    time.sleep(0.15)
    worker.signal(number)
    assert worker.wait() == 0


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGTERM, 0), (signal.SIGTERM, 2), (signal.SIGINT, 1)]
)
def test_a_signal_under_load_loses_nothing_and_spends_no_attempt(
    project: Project, number: int, workers: int
) -> None:
    project.push_work(3000, sleep=0.001)
    worker = project.work(f"--workers={workers}")
    wait_until(lambda: len(project.book()) > 400)
    worker.signal(number)
    assert worker.wait() == 0
    runs = project.runs("end")
    assert project.runs("start") == runs, "what ran has run to its end"
    assert set(runs.values()) == {1}
    assert project.statuses() == {"new": 3000 - len(runs)}
    assert {(row["attempts"], row["recoveries"]) for row in project.rows()} == {(0, 0)}


def test_ctrl_c_of_a_terminal_reaches_the_whole_group_and_still_stops_gracefully(
    project: Project,
) -> None:
    project.push_work(500, sleep=0.01)
    worker = project.work("--workers=2")
    wait_until(lambda: len(project.book()) > 50)
    worker.signal_all(signal.SIGINT)
    assert worker.wait() == 0
    assert project.runs("start") == project.runs("end")
    assert {(row["status"], row["attempts"]) for row in project.rows()} == {("new", 0)}


@pytest.mark.parametrize("options", [(), ("--concurrency=4", "--workers=0")])
def test_a_running_job_may_finish_within_the_grace(
    project: Project, options: tuple[str, ...]
) -> None:
    project.push("Work", {"n": 1, "sleep": 0.6})
    worker = project.work("--grace=20", *options)
    wait_until(lambda: project.started(1))
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert project.runs("end") == {"1": 1}
    assert project.empty()


@pytest.mark.parametrize("options", [(), ("--concurrency=4",), ("--workers=0",)])
def test_the_end_of_the_grace_hands_the_running_job_back_at_no_cost(
    project: Project, options: tuple[str, ...]
) -> None:
    ids = project.push("Work", {"n": 1, "sleep": 60})
    worker = project.work("--grace=0.5", *options)
    wait_until(lambda: project.started(1))
    begun = time.monotonic()
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0
    assert time.monotonic() - begun > 0.3
    row = project.row(ids[0])
    assert (row["status"], row["attempts"], row["recoveries"]) == ("new", 0, 0)


@pytest.mark.parametrize(
    ("name", "options"),
    [("Work", ("--workers=2",)), ("AsyncWork", ("--concurrency=4",)), ("Work", ("--workers=0",))],
)
def test_the_second_signal_is_immediate_and_costs_nothing(
    project: Project, name: str, options: tuple[str, ...]
) -> None:
    project.push(name, {"n": 1, "sleep": 60})
    worker = project.work("--grace=60", *options)
    wait_until(lambda: project.started(1))
    worker.signal(signal.SIGTERM)
    time.sleep(0.3)
    assert worker.running()
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0, "neither the grace nor the job is waited for: a minute each"
    (row,) = project.rows()
    assert (row["status"], row["attempts"], row["recoveries"]) == ("new", 0, 0)


def test_jobs_that_finished_before_a_forced_stop_do_not_run_again(project: Project) -> None:
    project.push_work(20)
    project.push("Work", {"n": "long", "sleep": 60})
    worker = project.work("--grace=0.1")
    wait_until(lambda: project.started("long"))
    assert worker.stop() == 0
    assert [row["status"] for row in project.rows()] == ["new"]
    assert project.runs("end") == {str(n): 1 for n in range(20)}


def test_no_job_starts_after_the_signal(project: Project) -> None:
    project.jobs(
        """
class Holds(Job):
    def handle(self):
        record("start", self.payload["n"])
        while self.payload["n"] == 3 and not os.path.exists("go"):
            time.sleep(0.005)
"""
    )
    project.push("Holds", *({"n": n} for n in range(50)))
    worker = project.work("--grace=60")
    wait_until(lambda: project.started(3))
    worker.signal_all(signal.SIGTERM)  # the child, too: it knows of it before its job ends
    (project.root / "go").touch()
    assert worker.wait() == 0
    assert project.runs() == {str(n): 1 for n in range(4)}


def test_no_process_is_left_running_after_a_stop(project: Project) -> None:
    project.push("Work", {"n": 1, "sleep": 60})
    worker = project.work("--workers=3", "--grace=0").ready()
    wait_until(lambda: project.started(1))
    children = worker.children()
    assert len(children) == 3
    assert worker.stop() == 0
    assert not set(children) & set(parents())


@pytest.mark.parametrize("options", [(), ("--stop-when-empty",), ("--cooldown=60",)])
def test_a_child_that_is_told_to_stop_from_outside_is_replaced(
    project: Project, options: tuple[str, ...]
) -> None:
    project.push("Work", {"n": 1, "sleep": 1}, {"n": 2}, {"n": 3})
    worker = project.work(*options)
    wait_until(lambda: project.started(1))
    (first,) = worker.children()
    os.kill(first, signal.SIGTERM)
    wait_until(project.empty)
    assert project.runs("end") == {"1": 1, "2": 1, "3": 1}
    assert first not in {entry.pid for entry in project.book("end")[1:]}
    assert worker.err.count("a child was stopped from outside; another takes over") == 1
    # A worker that ends by itself is not told to stop while its interpreter is ending.
    assert (worker.wait(30) if options == ("--stop-when-empty",) else worker.stop()) == 0

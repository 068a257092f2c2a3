"""Stopping does not depend on which code handles the signals."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

STOPS = [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP]

EXITS = """
def leave(*_):
    record("handler", "called")
    sys.exit(0)


def take(numbers=(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)):
    for number in numbers:
        signal.signal(number, leave)


class Takes(Job):
    def handle(self):
        if self.payload.get("takes", True):
            take()
        record("start", self.payload["n"])
        time.sleep(self.payload.get("sleep", 0))
        record("end", self.payload["n"])
"""


def lost_nothing(project: Project) -> bool:
    rows = {(r["status"], r["attempts"], r["recoveries"]) for r in project.rows()}
    return rows <= {("new", 0, 0)}


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("number", STOPS)
def test_a_handler_set_at_import_does_not_keep_a_stop_away(
    project: Project, number: int, workers: int
) -> None:
    project.jobs(EXITS + "\ntake()\n")
    project.push("Takes", *({"n": n, "sleep": 0.5, "takes": False} for n in range(5)))
    worker = project.work(f"--workers={workers}")
    wait_until(lambda: project.started(0))
    worker.signal_all(number)
    assert worker.wait(15) == 0
    assert project.runs("end") == {"0": 1}
    assert len(project.rows()) == 4
    assert lost_nothing(project)


@pytest.mark.parametrize("number", STOPS)
def test_a_handler_set_by_the_running_job_does_not_keep_a_stop_away(
    project: Project, number: int
) -> None:
    project.jobs(EXITS)
    project.push("Takes", *({"n": n, "sleep": 0.5} for n in range(5)))
    worker = project.work()
    wait_until(lambda: project.started(0))
    worker.signal(number)
    assert worker.wait(15) == 0
    assert project.runs("end") == {"0": 1}
    assert len(project.rows()) == 4
    assert lost_nothing(project)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_job_whose_own_handler_exits_at_a_stop_goes_back_at_no_cost(
    project: Project, workers: int
) -> None:
    project.jobs(EXITS)
    project.push("Takes", *({"n": n, "sleep": 5} for n in range(3)))
    worker = project.work(f"--workers={workers}")
    wait_until(lambda: project.started(0))
    worker.signal_all(signal.SIGTERM)
    assert worker.wait(15) == 0
    assert project.runs("start") == {"0": 1}
    assert len(project.rows()) == 3
    assert lost_nothing(project)


def test_a_handler_set_in_a_run_is_gone_after_it(project: Project) -> None:
    project.jobs(
        EXITS
        + """
class Sets(Job):
    def handle(self):
        take()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, leave)
        signal.alarm(1)
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


class Looks(Job):
    def handle(self):
        for number in signal.valid_signals():
            if signal.getsignal(number) in (leave, signal.SIG_IGN):
                record("left", number)
        record("blocked", len(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        record("alarm", signal.alarm(0))
"""
    )
    project.push("Sets", {})
    project.push("Looks", {})
    worker = project.drain()
    left = {int(entry.n) for entry in project.book("left")}
    assert left <= {signal.SIGPIPE, signal.SIGXFSZ}, "Python itself ignores these"
    assert {entry.n for entry in project.book("blocked")} == {"0"}
    assert {entry.n for entry in project.book("alarm")} == {"0"}
    assert "Sets left signal handlers changed; put back" in worker.err


def test_jobs_that_block_all_signals_are_stopped_all_the_same(project: Project) -> None:
    project.jobs(
        """
class Blocks(Job):
    def handle(self):
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        record("start", self.payload["n"])
        time.sleep(0.3)
        record("end", self.payload["n"])
"""
    )
    project.push("Blocks", *({"n": n} for n in range(20)))
    worker = project.work("--grace=20")
    wait_until(lambda: project.started(0))
    worker.signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    assert project.runs("start") == project.runs("end")
    assert lost_nothing(project)


def test_nohup_is_respected(project: Project) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        worker = project.work().ready()
    finally:
        signal.signal(signal.SIGHUP, before)
    worker.signal_all(signal.SIGHUP)
    time.sleep(0.3)
    project.push_work(1)
    wait_until(project.empty)
    assert worker.stop() == 0


def test_a_child_in_a_place_where_another_was_stopped_works(project: Project) -> None:
    worker = project.work().ready()
    (first,) = worker.children()
    os.kill(first, signal.SIGTERM)
    wait_until(lambda: first not in worker.children())
    project.push_work(3)
    wait_until(project.empty)
    assert worker.stop() == 0

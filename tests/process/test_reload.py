"""`job:work --reload` starts the worker again when the project's files change."""

from __future__ import annotations

import signal

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytest.importorskip("watchfiles")

pytestmark = pytest.mark.slow

VERSION = """
class Tell(Job):
    def handle(self):
        record("{}", 0)
"""


def test_a_change_restarts_the_worker(project: Project) -> None:
    project.jobs(VERSION.format("one"))
    worker = project.work("--reload")
    worker.ready()
    project.push("Tell", {})
    wait_until(lambda: project.book("one"))
    project.jobs(VERSION.format("two"))
    wait_until(lambda: worker.out.count("[READY]") == 2)
    assert "app_jobs/more.py changed; restarting" in worker.err
    project.push("Tell", {})
    wait_until(lambda: project.book("two"))
    (project.root / "notes.txt").write_text("no code")
    assert worker.stop() == 0
    assert worker.out.count("[READY]") == 2


def test_a_worker_that_cannot_start_waits_for_the_next_change(project: Project) -> None:
    project.module("more", "import nothing_of_the_kind\n")
    worker = project.work("--reload")
    wait_until(lambda: "nothing_of_the_kind" in worker.err)
    project.jobs(VERSION.format("one"))
    worker.ready()
    worker.signal_all(signal.SIGTERM)
    assert worker.wait() == 0


def test_a_worker_that_is_stopped_while_it_starts_has_stopped_well(project: Project) -> None:
    project.patch("import sys, time\n'--reload' in sys.orig_argv or time.sleep(60)\n")
    worker = project.work("--reload")
    wait_until(worker.children)
    worker.signal_all(signal.SIGTERM)
    assert worker.wait() == 0


def test_the_end_of_the_work_is_the_end(project: Project) -> None:
    project.push_work(1)
    assert project.drain("--reload").out.count("[READY]") == 1
    assert project.runs() == {"0": 1}


def test_a_running_job_may_end_before_the_restart(project: Project) -> None:
    project.push_work(1, sleep=1.0)
    worker = project.work("--reload")
    wait_until(lambda: project.started(0))
    project.jobs(VERSION.format("one"))
    wait_until(lambda: worker.out.count("[READY]") == 2)
    assert project.runs("end") == {"0": 1}
    assert worker.stop() == 0

"""A handler that holds the interpreter's lock, as an extension can, holds up no other job."""

from __future__ import annotations

import time

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

GREEDY = """
import ctypes

class Greedy(Job):
    def handle(self):
        record("greedy", self.payload["n"])
        ctypes.PyDLL(None).sleep(self.payload["seconds"])  # does not release the lock
"""


def test_jobs_claimed_behind_it_are_run_by_another_child(project: Project) -> None:
    project.jobs(GREEDY)
    project.push_work(2000)
    project.push("Greedy", {"n": 0, "seconds": 6})
    project.push_work(200, start=2000)
    worker = project.work("--workers=2").ready()
    wait_until(lambda: project.book("greedy"))
    began = time.monotonic()
    wait_until(lambda: len(project.book("end")) >= 2200)
    assert time.monotonic() - began < 4
    wait_until(project.empty)
    assert worker.stop() == 0
    assert set(project.runs("start").values()) == {1}
    assert len(project.runs("greedy")) == 1

"""A handler that holds the interpreter's lock, as an extension can, holds up no other job."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.support.processes import alive, parents
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


EMBEDDED = """
import time
import lightjobs
with lightjobs.worker():
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("embedded", [False, True])
def test_a_worker_without_a_supervisor_keeps_its_lease(project: Project, embedded: bool) -> None:
    project.jobs(GREEDY)
    project.push("Greedy", {"n": 1, "seconds": 7})
    environment = {"JOB_LEASE": "2"}
    if embedded:
        program = subprocess.Popen(
            [sys.executable, "-c", EMBEDDED],
            cwd=project.root,
            env=project.environment(**environment),
        )
    else:
        program = project.work("--workers=0", **environment).process
    wait_until(lambda: project.book("greedy"))
    other = project.work(**environment).ready()
    wait_until(project.empty)
    assert len(project.book("greedy")) == 1
    assert other.stop() == 0
    beating = [pid for pid, parent in parents().items() if parent == program.pid]
    assert len(beating) == 1
    program.kill()
    program.wait()
    wait_until(lambda: not alive(beating[0]))


def test_the_process_that_beats_ends_with_its_worker(project: Project) -> None:
    worker = project.work("--workers=0").ready()
    (beating,) = wait_until(worker.children)
    assert worker.stop() == 0
    wait_until(lambda: not alive(beating))

"""Hooks in a worker, and which code a child runs."""

from __future__ import annotations

import os
import signal

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

HOOKED = """
class Hooked(Job):
    attempts = 2
    def handle(self):
        if self.payload["bad"]:
            raise ValueError("bad luck")
    def onSuccess(self):
        record("success", self.payload["n"])
    def onFailure(self):
        record("failure-" + type(self.getException()).__name__, self.payload["n"])

class AsyncHooked(Job):
    async def handle(self):
        pass
    async def onSuccess(self):
        await asyncio.sleep(0.05)
        record("success", self.payload["n"])

class RaisingHook(Job):
    def handle(self):
        record("start", self.payload["n"])
    def onSuccess(self):
        raise SystemExit(3)
"""


@pytest.mark.parametrize("options", [("--workers=2",), ("--concurrency=4",), ("--workers=0",)])
def test_hooks_run_once_for_each_settled_job(project: Project, options: tuple[str, ...]) -> None:
    project.jobs(HOOKED)
    project.push("Hooked", *({"n": n, "bad": n % 2} for n in range(40)))
    project.push("AsyncHooked", *({"n": n} for n in range(40, 50)))
    project.drain(*options)
    assert project.runs("success") == {str(n): 1 for n in range(50) if n >= 40 or n % 2 == 0}
    assert project.runs("failure-ValueError") == {str(n): 1 for n in range(1, 40, 2)}
    assert project.statuses() == {"failed": 20}


def test_hooks_of_the_last_jobs_run_before_a_graceful_stop(project: Project) -> None:
    project.jobs(
        """
class Hooked(Job):
    def handle(self):
        record("start", self.payload["n"])
        time.sleep(0.4)
    def onSuccess(self):
        record("success", self.payload["n"])
"""
    )
    project.push("Hooked", *({"n": n} for n in range(4)))
    worker = project.work("--concurrency=4")
    wait_until(lambda: len(project.book("start")) == 4)
    assert worker.stop() == 0
    assert project.runs("success") == {str(n): 1 for n in range(4)}


def test_a_hook_that_raises_changes_nothing(project: Project) -> None:
    project.jobs(HOOKED)
    project.push("RaisingHook", *({"n": n} for n in range(5)))
    worker = project.drain()
    assert project.empty()
    assert project.runs() == {str(n): 1 for n in range(5)}
    assert worker.err.count("onSuccess of App\\Jobs\\RaisingHook raised") == 5


VERSIONED = """
class Versioned(Job):
    def handle(self):
        record("{version}", self.payload["n"])
"""


def test_a_child_that_starts_later_runs_the_code_of_that_moment(project: Project) -> None:
    project.jobs(VERSIONED.format(version="before"))
    project.push("Versioned", {"n": 1})
    worker = project.work().ready()
    wait_until(lambda: project.runs("before"))
    project.jobs(VERSIONED.format(version="afterwards"))
    (child,) = worker.children()
    os.kill(child, signal.SIGKILL)
    wait_until(lambda: (now := worker.children()) and child not in now, what="another child")
    project.push("Versioned", {"n": 2})
    wait_until(lambda: project.runs("afterwards"))
    assert project.runs("before") == {"1": 1}


def test_a_fresh_object_is_made_for_every_run(project: Project) -> None:
    project.jobs(
        """
class Remembers(Job):
    seen = False
    def handle(self):
        record("again" if self.seen else "fresh", self.payload.get("n", "none"))
        self.seen = True
"""
    )
    project.push("Remembers", {"n": 1}, {}, {"n": 3})
    project.drain()
    assert project.runs("fresh") == {"1": 1, "none": 1, "3": 1}
    assert not project.runs("again")

"""New code dispatches a job of a new class while workers of the old code still run."""

from __future__ import annotations

import time

import pytest

from tests.support.processes import cpu_seconds
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

NEW = """
class New(Job):
    def handle(self):
        record("new", self.payload["n"])
"""
ORIGINAL = '"""No jobs yet."""\n'


@pytest.mark.parametrize("options", [(), ("--concurrency=4",), ("--workers=0",)])
def test_old_workers_leave_new_jobs_to_new_workers(
    project: Project, options: tuple[str, ...]
) -> None:
    old = [project.work(*options).ready() for _ in range(2)]
    project.push("New", *({"n": n} for n in range(200)))
    project.push_work(200)
    wait_until(lambda: len(project.book("end")) == 200)
    wait_until(lambda: project.statuses() == {"new": 200})  # the last one is yet to be settled
    project.jobs(NEW)
    new = project.work(*options).ready()
    began = time.monotonic()
    wait_until(project.empty)
    assert time.monotonic() - began < 5
    assert project.runs("new") == {str(n): 1 for n in range(200)}
    for worker in (*old, new):
        assert worker.stop() == 0
    for worker in old:
        assert worker.err.count("no Job class is registered") == 1


def test_an_old_worker_costs_next_to_nothing_and_is_awake(project: Project) -> None:
    project.push("New", *({"n": n} for n in range(5000)))
    worker = project.work().ready()
    wait_until(lambda: "no Job class is registered" in worker.err)
    time.sleep(1)
    (child,) = worker.children()
    before = cpu_seconds(child)
    time.sleep(3)
    assert cpu_seconds(child) - before < 0.6
    for n in range(5):
        began = time.monotonic()
        project.push_work(1, start=n)
        wait_until(lambda n=n: len(project.book("end")) > n)
        assert time.monotonic() - began < 2
    assert worker.stop() == 0

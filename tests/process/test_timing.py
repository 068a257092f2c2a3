"""When jobs start: at once, on time, and without waiting for a long job."""

from __future__ import annotations

import time

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

# A worker that misses what it waits for sleeps for a minute, longer than a test waits. How fast it
# starts a job is measured by the benchmarks.
SLEEPS_LONG = "--sleep=60"

HOLDS = """
class Holds(Job):
    def handle(self):
        record("start", self.payload["n"])
        while self.payload.get("long") and not os.path.exists("go"):
            time.sleep(0.005)
        record("end", self.payload["n"])
"""


def push_long(project: Project, behind: int = 0) -> list[str]:
    """Push in one batch a job that runs until it is let go and short ones; returns the ids."""
    short = ({"n": n} for n in range(behind))
    return project.push("Holds", {"n": "long", "long": True}, *short)


def let_go(project: Project) -> None:
    """Let the long job end."""
    (project.root / "go").touch()


@pytest.mark.parametrize("options", [("--workers=2",), ("--concurrency=4",), ("--workers=0",)])
def test_an_idle_worker_is_woken_by_each_job(project: Project, options: tuple[str, ...]) -> None:
    project.work(SLEEPS_LONG, *options).ready()
    for n in range(5):
        time.sleep(0.2)
        project.push_work(1, start=n)
        wait_until(lambda n=n: project.started(n))


def test_a_delayed_job_starts_when_it_is_due(project: Project) -> None:
    project.work(SLEEPS_LONG).ready()
    due = time.time() + 0.8
    offset = time.time() - time.monotonic()
    for n in range(3):
        project.push("Work", {"n": n}, due=due + n * 0.3)
    wait_until(lambda: len(project.book("start")) == 3)
    for entry in project.book("start"):
        assert entry.at + offset >= due + int(entry.n) * 0.3 - 0.002


def test_a_delayed_job_starts_before_an_earlier_one_with_a_longer_delay(
    project: Project,
) -> None:
    project.push("Work", {"n": "far"}, due=time.time() + 3600)
    project.work(SLEEPS_LONG).ready()
    time.sleep(0.2)
    due = time.time() + 0.5
    offset = time.time() - time.monotonic()
    project.push("Work", {"n": "near"}, due=due)
    wait_until(lambda: project.started("near"))
    assert project.book()[0].at + offset >= due - 0.002


def test_a_job_dispatched_while_a_long_one_runs_starts_at_once_if_a_place_is_free(
    project: Project,
) -> None:
    project.jobs(HOLDS)
    project.work("--concurrency=2", SLEEPS_LONG).ready()
    push_long(project)
    wait_until(lambda: project.started("long"))
    time.sleep(0.2)
    project.push_work(1)
    wait_until(lambda: project.started(0))
    assert "long" not in project.runs("end")
    let_go(project)


@pytest.mark.parametrize(
    "options", [("--workers=2", SLEEPS_LONG), ("--workers=1", "--concurrency=2", SLEEPS_LONG)]
)
def test_no_job_waits_behind_a_long_one(project: Project, options: tuple[str, ...]) -> None:
    """Short jobs run first, so that a worker then claims the long job with many others."""
    project.jobs(HOLDS)
    project.work(*options).ready()
    project.push_work(2000, start=1000)
    wait_until(lambda: len(project.book("end")) == 2000)
    push_long(project, 200)
    wait_until(lambda: len(project.book("end")) == 2200, what="the short ones are done")
    assert "long" not in project.runs("end")
    let_go(project)


def test_no_job_waits_behind_a_long_one_when_workers_stop_when_empty(project: Project) -> None:
    project.jobs(HOLDS)
    project.push_work(1500, start=1000)
    push_long(project, 200)
    worker = project.work("--workers=2", "--stop-when-empty")
    wait_until(lambda: len(project.book("end")) == 1700, what="the short ones are done")
    assert "long" not in project.runs("end")
    let_go(project)
    assert worker.wait() == 0


def test_jobs_handed_back_from_behind_a_long_one_spend_nothing(project: Project) -> None:
    project.jobs(HOLDS)
    project.work().ready()
    project.push_work(1000, start=1000)
    wait_until(lambda: len(project.book("end")) == 1000)
    ids = push_long(project, 50)
    wait_until(lambda: project.started("long"))
    wait_until(lambda: project.statuses() == {"queued": 1, "new": 50}, what="handed back")
    rows = [row for row in project.rows() if str(row["id"]) in ids[1:]]
    assert {(row["attempts"], row["recoveries"]) for row in rows} == {(0, 0)}
    let_go(project)
    wait_until(project.empty)
    assert set(project.runs().values()) == {1}

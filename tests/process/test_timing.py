"""When jobs start: at once, on time, and not behind a long one."""

from __future__ import annotations

import time

import pytest

from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

NOISE = 0.1
"""Seconds a busy CI machine may add to a bound, beyond the promised ones."""


@pytest.mark.parametrize("options", [("--workers=2",), ("--concurrency=4",), ("--workers=0",)])
def test_an_idle_worker_starts_a_job_within_100_ms(
    project: Project, options: tuple[str, ...]
) -> None:
    project.work(*options).ready()
    delays = []
    for n in range(5):
        time.sleep(0.2)
        pushed = time.monotonic()
        project.push_work(1, start=n)
        wait_until(lambda n=n: project.started(n), 5)
        delays.append(project.book("start")[-1].at - pushed)
    assert sorted(delays)[2] < 0.1
    assert max(delays) < 0.1 + NOISE


def test_a_delayed_job_starts_on_time(project: Project) -> None:
    project.work("--sleep=30").ready()
    due = time.time() + 0.8
    offset = time.time() - time.monotonic()
    for n in range(3):
        project.push("Work", {"n": n}, due=due + n * 0.3)
    wait_until(lambda: len(project.book("start")) == 3, 5)
    for entry in project.book("start"):
        late = entry.at + offset - (due + int(entry.n) * 0.3)
        assert -0.002 <= late <= 0.1 + NOISE


def test_a_delayed_job_starts_on_time_when_another_is_waited_for_first(project: Project) -> None:
    project.push("Work", {"n": "far"}, due=time.time() + 3600)
    project.work("--sleep=30").ready()
    time.sleep(0.2)
    due = time.time() + 0.5
    offset = time.time() - time.monotonic()
    project.push("Work", {"n": "near"}, due=due)
    wait_until(lambda: project.started("near"), 5)
    assert -0.002 <= project.book()[0].at + offset - due <= 0.1 + NOISE


def test_a_job_dispatched_beside_a_long_one_starts_at_once_when_a_place_is_free(
    project: Project,
) -> None:
    project.work("--concurrency=2").ready()
    project.push("Work", {"n": "long", "sleep": 3})
    wait_until(lambda: project.started("long"))
    time.sleep(0.2)
    pushed = time.monotonic()
    project.push_work(1)
    wait_until(lambda: project.started(0), 2)
    assert project.book("start")[-1].at - pushed < 0.1 + NOISE


@pytest.mark.parametrize(
    "options", [("--workers=2", "--sleep=30"), ("--workers=1", "--concurrency=2")]
)
def test_a_long_job_holds_no_other_hostage(project: Project, options: tuple[str, ...]) -> None:
    """Warmed up by short jobs, so that a worker claims the long one with many behind it."""
    project.work(*options).ready()
    project.push_work(2000, start=1000)
    wait_until(lambda: len(project.book("end")) == 2000)
    pushed = time.monotonic()
    project.push("Work", {"n": "long", "sleep": 3}, *({"n": n} for n in range(200)))
    wait_until(lambda: len(project.book("end")) == 2200, 2.8, "the short ones are done")
    short = [entry for entry in project.book("end") if len(entry.n) < 4]
    assert len(short) == 200
    assert max(entry.at for entry in short) - pushed < 1.5


def test_a_long_job_holds_no_other_hostage_when_workers_stop_at_empty(project: Project) -> None:
    project.push_work(1500, start=1000)
    project.push("Work", {"n": "long", "sleep": 3}, *({"n": n} for n in range(200)))
    project.drain("--workers=2")
    started = next(entry.at for entry in project.book("start") if entry.n == "long")
    short = [entry for entry in project.book("end") if len(entry.n) < 4]
    assert len(short) == 200
    assert max(entry.at for entry in short) - started < 1.5


def test_jobs_handed_back_from_behind_a_long_one_have_spent_nothing(project: Project) -> None:
    project.work().ready()
    project.push_work(1000, start=1000)
    wait_until(lambda: len(project.book("end")) == 1000)
    ids = project.push("Work", {"n": "long", "sleep": 1.5}, *({"n": n} for n in range(50)))
    wait_until(lambda: project.started("long"))
    wait_until(lambda: project.statuses() == {"queued": 1, "new": 50}, 1.2, "handed back")
    rows = [row for row in project.rows() if str(row["id"]) in ids[1:]]
    assert {(row["attempts"], row["recoveries"]) for row in rows} == {(0, 0)}
    wait_until(project.empty)
    assert set(project.runs().values()) == {1}

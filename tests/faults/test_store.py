"""The store does not answer for a while: the worker waits and goes on, and no job is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.processes import parents
from tests.support.project import Project
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@contextmanager
def locked(project: Project, how: str) -> Iterator[None]:
    """The database, locked by another connection."""
    with project.connection() as connection:
        connection.execute(f"BEGIN {how}")
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("how", "options"),
    [
        ("IMMEDIATE", ("--workers=1",)),
        ("EXCLUSIVE", ("--workers=2", "--concurrency=2")),
    ],
)
def test_a_locked_database_is_waited_for(
    project: Project, how: str, options: tuple[str, ...]
) -> None:
    project.push_work(300, sleep=0.003)
    worker = project.work(*options)
    wait_until(lambda: len(project.book("end")) > 50)
    with locked(project, how):
        time.sleep(3)
    wait_until(project.empty)
    assert project.runs("end") == {str(n): 1 for n in range(300)}
    assert project.runs("start") == project.runs("end")
    assert worker.stop() == 0


def test_after_a_lock_longer_than_the_lease_live_workers_keep_their_jobs(
    project: Project,
) -> None:
    """No worker could beat: once the store is back, live ones get half a lease to do so."""
    workers = [project.work("--concurrency=2", JOB_LEASE="1").ready() for _ in range(2)]
    project.push("Work", *({"n": n, "sleep": 4} for n in range(3)))
    wait_until(lambda: len(project.book("start")) == 3)
    with locked(project, "IMMEDIATE"):
        time.sleep(2.5)
    wait_until(project.empty)
    assert project.runs("start") == {"0": 1, "1": 1, "2": 1}
    assert all("LOST" not in worker.out for worker in workers)
    assert all(worker.stop() == 0 for worker in workers)


def test_a_lock_that_outlasts_every_timeout_loses_nothing(project: Project) -> None:
    """Claims, settlements and beats fail and are tried again. A statement waits 10 s for a lock;
    a tenth of that keeps this test short."""
    project.patch("import lightjobs.engines.sql.sqlite as sqlite\n\nsqlite.BUSY_SECONDS = 0.3\n")
    project.push_work(300, sleep=0.003)
    worker = project.work("--workers=2")
    wait_until(lambda: len(project.book("end")) > 50)
    with locked(project, "IMMEDIATE"):
        time.sleep(3)
    wait_until(project.empty)
    assert project.runs("start") == {str(n): 1 for n in range(300)}
    assert worker.running()
    assert "the store is away" in worker.err
    assert worker.stop() == 0


def test_a_stop_while_the_database_is_locked_is_still_graceful(project: Project) -> None:
    project.push_work(200, sleep=0.003)
    worker = project.work("--workers=2")
    wait_until(lambda: len(project.book("end")) > 20)
    with locked(project, "IMMEDIATE"):
        time.sleep(0.3)
        worker.signal(signal.SIGTERM)
        time.sleep(1.5)
    assert worker.wait() == 0
    runs = project.runs("end")
    assert project.runs("start") == runs
    assert set(runs.values()) == {1}
    assert project.statuses() == {"new": 200 - len(runs)}
    assert {(row["attempts"], row["recoveries"]) for row in project.rows()} == {(0, 0)}


def test_a_child_killed_while_the_database_is_locked_loses_nothing(project: Project) -> None:
    project.push_work(300, sleep=0.005)
    worker = project.work("--workers=1").ready()
    wait_until(lambda: len(project.book("end")) > 50)
    with locked(project, "IMMEDIATE"):
        time.sleep(0.2)
        os.kill(worker.children()[0], signal.SIGKILL)
        time.sleep(1.5)
    wait_until(project.empty)
    runs = project.runs("start")
    assert len(runs) == 300
    assert sum(runs.values()) <= 301


def test_a_worker_started_on_a_locked_database_waits_for_it(project: Project) -> None:
    project.push_work(10)
    with locked(project, "IMMEDIATE"):
        worker = project.work()
        time.sleep(2)
        assert worker.running()
    wait_until(project.empty)


def test_a_worker_whose_tables_vanish_ends_gracefully(project: Project) -> None:
    worker = project.work("--workers=2", "--grace=2").ready()
    children = worker.children()
    with project.connection() as connection:
        connection.execute("DROP TABLE job_sweeps")
    assert worker.wait() == 4
    assert "lightjobs migrate:up" in worker.err
    assert "Traceback" not in worker.err
    wait_until(lambda: not set(children) & set(parents()), what="the children have ended too")


def test_an_outage_is_one_line_for_the_whole_worker_and_one_when_it_is_over(
    project: Project,
) -> None:
    project.patch("import lightjobs.engines.sql.sqlite as sqlite\n\nsqlite.BUSY_SECONDS = 0.2\n")
    project.push_work(4000, sleep=0.003)
    worker = project.work("--workers=3")
    wait_until(lambda: len(project.book("end")) > 20)
    with locked(project, "IMMEDIATE"):
        time.sleep(4)
    wait_until(lambda: "the store is back after" in worker.err)
    assert worker.err.count("the store is away") == 1
    assert "jobs.sqlite: database is locked" in worker.err
    assert worker.stop() == 0

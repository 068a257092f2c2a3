"""What a child has claimed while it ran others, and has not read yet: it goes back at no cost when
the child dies, and does not wait behind a job that turns out to be long."""

from __future__ import annotations

import os
import signal
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import NewJob
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

ODD = """
import ctypes

class Greedy(Job):
    def handle(self):
        record("start", self.payload["n"])
        ctypes.PyDLL(None).sleep(self.payload["seconds"])  # does not release the lock
        record("end", self.payload["n"])


class Kills(Job):
    def handle(self):
        record("start", self.payload["n"])
        if not os.path.exists("killed"):
            open("killed", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        record("end", self.payload["n"])


class Deaf(Job):
    timeout = 1

    def handle(self):
        record("start", self.payload["n"])
        while True:
            try:
                time.sleep(60)
            except BaseException:
                pass
"""


@pytest.fixture
def project(shared):
    shared.project.jobs(ODD)
    return shared.project


@pytest.fixture
def engine(shared):
    return shared.engine("hash")


def job(name, n, **payload):
    more = "".join(f',"{key}":{value}' for key, value in payload.items())
    return NewJob(f"App\\Jobs\\{name}", "default", f'{{"n":{n}{more}}}')


def behind_many(engine, odd):
    """Push quick jobs, then `odd`, whose number is 1000, then quick jobs that are claimed with it
    or behind it. Returns the id of `odd`."""
    engine.push([job("Work", n) for n in range(1000)])
    (id,) = engine.push([odd])
    engine.push([job("Work", n) for n in range(1001, 1600)])
    return id


def test_jobs_claimed_behind_a_handler_that_holds_the_lock_run_in_another_child(project, engine):
    behind_many(engine, job("Greedy", 1000, seconds=6))
    workers = [project.work().ready(), project.work().ready()]
    wait_until(lambda: project.started(1000))
    began = time.monotonic()
    wait_until(lambda: len(project.book("end")) >= 1599)
    assert time.monotonic() - began < 4
    wait_until(lambda: not engine.stats())
    assert [worker.stop() for worker in workers] == [0, 0]
    assert set(project.runs("start").values()) == {1}
    assert "Traceback" not in workers[0].err + workers[1].err


def test_a_job_that_kills_its_child_costs_those_claimed_behind_it_nothing(project, engine):
    killer = behind_many(engine, job("Kills", 1000))
    seen = []
    worker = project.work()

    def looked():
        seen.extend(engine.browse(Where(status="new"), limit=2000))
        return not engine.stats()

    wait_until(looked)
    assert worker.stop() == 0
    assert {row.recoveries for row in seen if row.id != killer} <= {0}
    assert project.runs("start") == {str(n): 1 + (n == 1000) for n in range(1600)}
    assert project.runs("end") == {str(n): 1 for n in range(1600)}


def test_a_child_killed_for_a_timeout_costs_those_claimed_behind_it_nothing(project, engine):
    id = behind_many(engine, job("Deaf", 1000))
    worker = project.work(JOB_TIMEOUT_GRACE="0.5")
    wait_until(lambda: engine.find(id).status == "failed")
    wait_until(lambda: len(project.book("end")) >= 1599)
    assert worker.stop() == 0
    assert set(project.runs("start").values()) == {1}
    assert engine.stats()["default"]["failed"] == 1


def test_kills_in_a_row_lose_no_job_and_spend_recoveries_on_running_ones_only(project, engine):
    engine.push([job("Work", n, sleep=0.0005) for n in range(6000)])
    worker = project.work().ready()
    kills = 0
    recoveries = []
    while kills < 8:
        time.sleep(0.15)
        for child in worker.children()[:1]:
            os.kill(child, signal.SIGKILL)
            kills += 1
        time.sleep(0.15)
        recoveries += [row.recoveries for row in engine.browse(Where(status="new"), limit=6000)]
    wait_until(lambda: not engine.stats(), 90)
    runs = project.runs("start")
    assert len(runs) == 6000
    assert sum(runs.values()) - 6000 <= kills
    assert set(project.runs("end")) == set(runs)
    assert worker.stop() == 0
    assert max(recoveries, default=0) <= 1


def test_max_jobs_is_not_exceeded_when_children_are_killed(project, engine):
    engine.push([job("Work", n, sleep=0.0003) for n in range(3000)])
    worker = project.work("--max-jobs=2000")
    for started in range(100, 501, 100):
        wait_until(lambda started=started: len(project.book("start")) > started)
        for child in worker.children():
            os.kill(child, signal.SIGKILL)
    assert worker.wait() == 0
    # Five kills, each within a claim at worst: of 5 ms of jobs that take 0.3 ms, so of 17.
    assert 2000 - 5 * 17 <= len(project.book("start")) <= 2000
    assert {row.attempts for row in engine.browse(Where(status="new"), limit=3000)} == {0}


def test_a_stop_hands_back_all_that_was_claimed_and_not_started(project, engine):
    engine.push([job("Work", n, sleep=0.0005) for n in range(4000)])
    worker = project.work().ready()
    wait_until(lambda: len(project.book("end")) > 500)
    assert worker.stop() == 0
    ended = project.runs("end")
    assert ended == project.runs("start")
    counts = engine.stats()["default"]
    assert (counts["new"], counts["queued"]) == (4000 - len(ended), 0)
    assert {row.attempts for row in engine.browse(Where(status="new"), limit=4000)} == {0}


def test_max_jobs_is_exact(project, engine):
    engine.push([job("Work", n) for n in range(3000)])
    assert project.work("--max-jobs=1234").wait() == 0
    assert len(project.book("start")) == 1234
    counts = engine.stats()["default"]
    assert (counts["new"], counts["queued"]) == (3000 - 1234, 0)


def test_a_small_backlog_is_shared_by_two_workers(project, engine):
    """Both have learned from quick jobs to claim many ahead."""
    engine.push([job("Work", n) for n in range(3000)])
    workers = [project.work().ready(), project.work().ready()]
    wait_until(lambda: not engine.stats())
    engine.push([job("Work", n, sleep=0.3) for n in range(3000, 3010)])
    wait_until(lambda: not engine.stats())
    pids = [entry.pid for entry in project.book("start") if int(entry.n) >= 3000]
    children = [child for worker in workers for child in worker.children()]
    assert min(map(pids.count, children)) >= 2

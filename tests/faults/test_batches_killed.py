"""kill -9 of children and of whole workers in the middle of batches that have chains, keys and
groups in them: every callback is pushed once, the counts are right, and nothing stays held."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from lightjobs.engines.where import Where
from tests.support import stores
from tests.support.project import Project
from tests.support.servers.mysql import MYSQL
from tests.support.waiting import wait_until
from tests.support.worker import Worker

pytestmark = pytest.mark.slow

LEASE = 2
"""Seconds."""

BATCHES = 3
PARTS = 100
"""In each batch; one in ten of them is a chain of two jobs."""

KILLING_SECONDS = 4.0
ENDING_SECONDS = LEASE + 60.0
"""At most; on a busy machine a child takes seconds to start."""

JOBS = """
class Part(Job):
    whenTaken = "refuse"
    groupLimit = 2

    def handle(self):
        record("part", self.payload["n"])
        time.sleep(0.07)

class Told(Job):
    def handle(self):
        record(f"{self.payload['what']}-{self.payload['batch']}", self.context.id)

class Fails(Job):
    def handle(self):
        raise ValueError("wrong")
"""

DISPATCH = """
import sys

from lightjobs import batch, chain
from app_jobs.more import Fails, Part, Told

FAILING, BATCHES, PARTS = 1, int(sys.argv[1]), int(sys.argv[2])

def part(number):
    job = Part().setPayload({"n": number})
    if number % 3 == 0:
        job.setGroup(f"g{number % 2}")
    if number % 4 == 0:
        job.setUnique("active")
    return chain(job, Part().setPayload({"n": f"{number}+"})) if number % 10 == 9 else job

def told(what, number):
    return Told().setPayload({"what": what, "batch": number})

for number in range(BATCHES):
    parts = [part(PARTS * number + each) for each in range(PARTS)]
    if number == FAILING:
        parts[PARTS // 2] = Fails().setAttempts(1)
    run = batch(parts, name=str(number))
    run = run.then(told("then", number)).catch(told("catch", number))
    print(run.always(told("always", number)).dispatch().id)
"""

AGAIN = """
import sys

from app_jobs.more import Part

for number in range(0, int(sys.argv[1]) * int(sys.argv[2]), 4):
    if number % 10 != 9:
        Part().setPayload({"n": number}).setUnique("active").setQueue("again").dispatch()
"""


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", *MYSQL, "redis-hash"])
def store(request):
    """A store that other processes can use, migrated."""
    store = stores.migrated(request.param, request)
    yield store
    store.engine.close()


def run(project: Project, script: str, environment: dict[str, str]) -> list[str]:
    """Run a script of the project; returns the lines that it wrote."""
    done = subprocess.run(
        [sys.executable, "-c", script, str(BATCHES), str(PARTS)],
        cwd=project.root,
        env=project.environment(**environment),
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def kill_child(worker: Worker) -> None:
    if children := worker.children():
        with contextlib.suppress(ProcessLookupError):
            os.kill(random.choice(children), signal.SIGKILL)


@pytest.mark.parametrize(
    "whole",
    [pytest.param(False, id="children", marks=pytest.mark.long), pytest.param(True, id="workers")],
)
def test_batches_end_right_although_workers_are_killed(project: Project, store, whole) -> None:
    project.jobs(JOBS)
    environment = {**store.environment, "JOB_LEASE": str(LEASE)}
    batches = run(project, DISPATCH, environment)
    assert len(batches) == BATCHES
    options = ("--workers=2", "--concurrency=2", "--sleep=0.2")
    workers = [project.work(*options, **environment).ready() for _ in range(2)]

    def have_ended() -> bool:
        found = map(store.engine.batches.find, batches)
        return all(batch.ended_at is not None for batch in found)

    until = time.monotonic() + KILLING_SECONDS
    kills = 0
    while time.monotonic() < until and not have_ended():
        if whole and kills % 4 == 0:
            workers.pop(0).signal_all(signal.SIGKILL)
            workers.append(project.work(*options, **environment))
        else:
            kill_child(random.choice(workers))
        kills += 1
        time.sleep(random.uniform(0.2, 0.4))
    assert kills >= 5, "the batches ended before they were shot at"
    wait_until(have_ended, ENDING_SECONDS, "all batches have ended", pause=0.05)
    wait_until(lambda: no_more_runs(store.engine), ENDING_SECONDS, "the callbacks ran", pause=0.05)
    for number, batch in enumerate(map(store.engine.batches.find, batches)):
        assert (batch.total, batch.waiting, batch.running) == (PARTS, 0, 0)
        assert batch.total == batch.done + batch.failed + batch.cancelled
        failed = store.engine.count(Where(status="failed", batch=batch.id))
        assert (batch.failed, batch.cancelled) == (failed, 0)
        assert failed >= (number == 1)  # a job that was killed four times has failed, too
        expected = {"always", "catch" if failed else "then"}
        assert callbacks(project, number) == dict.fromkeys(expected, 1)
    assert not any(group.running or group.waiting for group in store.engine.groups("default"))
    run(project, AGAIN, environment)  # refused, if a key were held
    assert store.engine.consistency.verify(fix=False) == []


def no_more_runs(engine) -> bool:
    counts = engine.stats().get("default", {})
    return not any(counts.get(status) for status in ("new", "queued"))


def callbacks(project: Project, number: int) -> dict[str, int]:
    """By their names how many jobs were pushed as callbacks of that batch and have run."""
    jobs = {
        (entry.event, entry.n) for entry in project.book() if entry.event.endswith(f"-{number}")
    }
    return dict(Counter(event.partition("-")[0] for event, _job in jobs))

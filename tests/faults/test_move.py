"""`job:move` killed at random moments and run again, while workers run on both sides: each job runs
once, and those that do not run arrive as they were."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from lightjobs.engines.control import Engine
from lightjobs.engines.where import Where
from lightjobs.model import Failed, Flow, NewJob, Unique
from tests.support.environment import engine_of
from tests.support.project import Project
from tests.support.waiting import wait_until
from tests.support.worker import COMMAND

pytestmark = pytest.mark.slow

KILLS = 15
IDLE = 2500
"""Jobs of a queue without workers: so many that a mover is at work when it is killed."""

KEYS = 200
"""Jobs with a key, and jobs with a group, that do not run."""

HANDLER = "App\\Jobs\\Work"


class Place(NamedTuple):
    """A store, as a worker's environment and as job:move name it."""

    environment: dict[str, str]
    engine: str
    url: str


def _sqlite(project: Project, request: pytest.FixtureRequest) -> Place:
    environment = {"JOB_ENGINE": "database", "DB_DRIVER": "sqlite", "DB_NAME": str(project.path)}
    return Place(environment, "database", f"sqlite:///{project.path}")


def _redis(project: Project, request: pytest.FixtureRequest) -> Place:
    found = request.getfixturevalue("clean_redis")
    return Place({**found.environment, "JOB_ENGINE": "redis"}, "redis", found.url)


def _server(kind: str, scheme: str, options: str) -> Callable[..., Place]:
    def place(project: Project, request: pytest.FixtureRequest) -> Place:
        found = request.getfixturevalue(f"clean_{kind}")
        s = found.settings
        login = f"{quote(s.user)}:{quote(s.password)}"
        return Place(
            found.environment,
            "database",
            f"{scheme}://{login}@{s.host}:{s.port}/{s.name}?{options}",
        )

    return place


PLACES: dict[str, Callable[..., Place]] = {
    "sqlite": _sqlite,
    "redis": _redis,
    "postgres": _server("postgres", "postgresql", "sslmode=disable"),
    "mariadb": _server("mariadb", "mariadb", "ssl-mode=disabled"),
}


def _job(n: int, queue: str, **fields: Any) -> NewJob:
    return NewJob(HANDLER, queue, json.dumps({"n": n}), **fields)


def _tied(n: int) -> Flow | None:
    """A key for one job of three, a group for the next, and nothing for the third."""
    if n % 3 == 0:
        return Flow(Unique(f"run {n}", "active", 3600.0))
    return Flow(group=f"group {n % 2}", group_limit=1) if n % 3 == 1 else None


def _fill(engine: Engine) -> dict[str, set[Any]]:
    """Push jobs that do not run; returns what is to be found of them at the other side."""
    moment = int(time.time()) + 5000
    delayed = [_job(n, "later", due=moment + n + 0.5) for n in range(50)]
    engine.push(delayed)
    # A time of their own: Redis stores so many in several steps, which may be in different seconds.
    now = float(int(time.time()))
    engine.push([_job(n, "idle", priority=n % 5 - 2, due=now) for n in range(IDLE)])
    scopes = ("waiting", "active", "window")
    uniques = [Unique(f"key {n}", scopes[n % 3], 3600.0) for n in range(KEYS)]
    engine.push([_job(n, "keyed", flow=Flow(unique)) for n, unique in enumerate(uniques)])
    ties = [Flow(group=f"group {n % 7}", group_limit=2) for n in range(KEYS)]
    engine.push([_job(n, "grouped", flow=flow) for n, flow in enumerate(ties)])
    for job_id in engine.push([_job(n, "held") for n in range(30)]):
        engine.pause(job_id)
    engine.push([_job(n, "failing") for n in range(30)])
    engine.register("filler", 30)
    claims = engine.claim("filler", ["failing"], 30)
    engine.settle(
        "filler", [Failed(c.id, c.fence, f"ValueError: {c.payload}", '{"a": 1}') for c in claims]
    )
    return _found(engine)


def _found(engine: Engine) -> dict[str, list[Any]]:
    """Of the jobs that do not run: what each has."""

    def of(queue: str, status: str) -> list[Any]:
        found = engine.browse(Where(queue=queue, status=status), IDLE + 10)
        return sorted(
            (
                *(json.loads(job.payload)["n"], job.priority, job.attempts, job.scheduled_at),
                *(job.created_at, job.exception, job.failed_at, job.error_lines),
                *(job.unique_key, job.group),
            )
            for job in found
        )

    return {
        "later": of("later", "new"),
        "idle": of("idle", "new"),
        "keyed": of("keyed", "new"),
        "grouped": of("grouped", "new"),
        "held": of("held", "paused"),
        "failing": of("failing", "failed"),
    }


def _check_keys(old: Engine, new: Engine) -> None:
    """Each key has gone along with its job."""
    jobs = {job.unique_key: job.id for job in new.browse(Where(queue="keyed", status="new"), KEYS)}
    for n in range(KEYS):
        holder = new.unique.holder(f"key {n}")
        assert holder is not None
        assert holder.job_id == jobs[f"key {n}"]
        assert time.time() < holder.until < time.time() + 3600
        assert old.unique.holder(f"key {n}") is None
    for n in range(40 * KILLS):
        assert old.unique.holder(f"run {n}") is None
        assert new.unique.holder(f"run {n}") is None


def _is_under_way(engine: Engine) -> bool:
    assert engine.transfers is not None
    if engine.transfers.begin("a look", "").id != "a look":
        return True
    engine.transfers.end("a look")
    return False


@pytest.mark.parametrize(
    ("source", "target"),
    [("sqlite", "redis"), ("redis", "postgres"), ("postgres", "mariadb"), ("mariadb", "sqlite")],
)
def test_a_mover_that_is_killed_again_and_again_loses_and_doubles_nothing(
    project: Project, request: pytest.FixtureRequest, source: str, target: str
) -> None:
    here, there = (PLACES[name](project, request) for name in (source, target))
    old, new = engine_of(here.environment), engine_of(there.environment)
    command = [
        *(*COMMAND, "job:move", f"--from={here.engine}", f"--from-url={here.url}"),
        *(f"--to={there.engine}", f"--to-url={there.url}"),
    ]
    expected = _fill(old)
    workers = [
        project.work("--queue=default", "--workers=1", **place.environment).ready()
        for place in (here, there)
    ]
    pushed = under_way = 0
    for kill in range(KILLS):
        if kill == KILLS - 1:
            old.pause_queue("default")  # so that some of its jobs are left for the other side
        old.push([_job(n, "default", flow=_tied(n)) for n in range(pushed, pushed + 40)])
        pushed += 40
        mover = subprocess.Popen(
            command, cwd=project.root, env=project.environment(), stdout=subprocess.DEVNULL
        )
        began = time.monotonic()
        wait_until(lambda m=mover: _is_under_way(old) or m.poll() is not None, 20)
        took = time.monotonic() - began
        time.sleep(random.uniform(0, min(0.3, took)))
        mover.kill()
        mover.wait()
        under_way += _is_under_way(old)
    assert under_way > 2
    assert workers[0].stop() == 0
    for _ in range(2):
        moved = subprocess.run(
            [*command, "--json"],
            cwd=project.root,
            env=project.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
    assert json.loads(moved.stdout)["counts"] == {}
    assert old.stats() == {}
    wait_until(lambda: not new.browse(Where(queue="default", status="new"), 1), 60)
    assert workers[1].stop() == 0
    assert project.runs() == {str(n): 1 for n in range(pushed)}
    assert _found(new) == expected
    _check_keys(old, new)
    pids = {entry.pid for entry in project.book()}
    assert len(pids) == 2, "both sides had a share in the jobs"
    for engine in (old, new):
        engine.close()

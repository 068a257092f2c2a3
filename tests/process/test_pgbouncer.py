"""A project behind PgBouncer, from `migrate:up` to the last job."""

from __future__ import annotations

import pytest

from lightjobs.model import NewJob
from tests.support.project import Project
from tests.support.servers.pgbouncer import PgBouncer, pgbouncer
from tests.support.servers.postgres import PostgresServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


def work(n: int, due: float | None = None) -> NewJob:
    return NewJob("App\\Jobs\\Work", "default", f'{{"n": {n}}}', due=due)


def test_workers_drain_what_comes_in_every_way(
    project: Project, clean_pgbouncer: PgBouncer
) -> None:
    env = clean_pgbouncer.environment
    clean_pgbouncer.reset()
    migrated = project.cli("migrate:up", **env)
    assert migrated.returncode == 0, migrated.stderr
    checked = project.cli("check", **env)
    assert checked.returncode == 0, checked.stdout
    assert "warning: PostgreSQL database jobs: behind a connection pooler" in checked.stdout
    engine = clean_pgbouncer.engine()
    dispatched = project.cli("job:dispatch", "Work", '{"n": 0}', **env)
    assert dispatched.returncode == 0, dispatched.stderr
    (late,) = engine.push([work(1, due=4e9)])
    engine.push([work(n) for n in range(2, 300)])
    with clean_pgbouncer.connect(prepare_threshold=5) as application:
        for n in range(300, 320):
            engine.join(application).push([work(n)])
    worker = project.work("--workers=3", "--sleep=30", **env)
    numbers = {str(n) for n in range(320)} - {"1"}
    wait_until(lambda: set(project.runs("end")) == numbers, 60)
    engine.push([work(400)])  # to idle workers, which are not notified
    wait_until(lambda: project.started(400), 5)
    assert engine.cancel(late)
    engine.pause_queue("default")
    engine.push([work(401)])
    assert project.cli("job:stats", **env).returncode == 0
    assert not project.started(401)
    engine.resume_queue("default")
    wait_until(lambda: project.started(401), 5)
    assert worker.stop() == 0
    assert set(project.runs("end").values()) == {1}
    assert all(count == 0 for count in engine.stats().get("default", {}).values())
    engine.close()


def test_one_connection_of_the_server_is_enough(
    project: Project, clean_postgres: PostgresServer
) -> None:
    with pgbouncer(clean_postgres, size=1) as pooler:
        engine = pooler.engine()
        engine.push([work(n) for n in range(1000)])
        project.drain("--workers=3", "--concurrency=2", **pooler.environment)
        assert project.runs() == {str(n): 1 for n in range(1000)}
        assert all(count == 0 for count in engine.stats().get("default", {}).values())
        engine.close()

"""Jobs that use Django's ORM, while their database is restarted."""

from __future__ import annotations

from functools import partial

import pytest

from tests.support.documents import blocks
from tests.support.servers.base import started
from tests.support.servers.postgres import PostgresServer
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("docs django")]

SETUP = """
from django.conf import settings

settings.configure(
    DATABASES={{"default": {{
        "ENGINE": "django.db.backends.postgresql", "NAME": "{name}", "HOST": "{host}",
        "PORT": {port}, "USER": "{user}", "PASSWORD": "{password}", **{options},
    }}}}
)
"""

JOBS = """
from asgiref.sync import sync_to_async
from django.db import connection
from lightjobs import Job
from .book import record

def ask():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)

class Asks(Job):
    def handle(self):
        ask()
        record("done", self.payload["n"])

    def onSuccess(self):
        ask()
        record("hook", self.payload["n"])

class AsksAsync(Job):
    async def handle(self):
        await sync_to_async(ask)()
        record("done", self.payload["n"])

    async def onSuccess(self):
        await sync_to_async(ask)()
        record("hook", self.payload["n"])
"""

SIMPLE = """
from django.db import close_old_connections
from lightjobs.middleware import Middleware

class DjangoConnections(Middleware):
    async def handle(self, run, next):
        close_old_connections()
        try:
            return await next()
        finally:
            close_old_connections()
"""

(DOCUMENTED,) = blocks("docs/how-to/middleware.md", "Django's connections")
HEALTH = {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}


@pytest.fixture(scope="module")
def server():
    with started(PostgresServer()) as server:
        yield server


@pytest.mark.parametrize(
    ("middleware", "job", "concurrency", "options"),
    [
        pytest.param(SIMPLE, "Asks", 1, {}, id="simple"),
        pytest.param(SIMPLE, "Asks", 3, {}, id="simple, pool", marks=pytest.mark.long),
        pytest.param(DOCUMENTED, "Asks", 1, HEALTH, id="documented", marks=pytest.mark.long),
        pytest.param(DOCUMENTED, "Asks", 3, HEALTH, id="documented, pool"),
        pytest.param(DOCUMENTED, "AsksAsync", 1, {}, id="async", marks=pytest.mark.long),
        pytest.param(DOCUMENTED, "AsksAsync", 3, HEALTH, id="async, pool"),
    ],
)
def test_a_restart_of_the_database_fails_no_job(
    server, project, middleware, job, concurrency, options
):
    project.module("__init__", SETUP.format(**server.settings._asdict(), options=options))
    project.module("django_connections", middleware)
    project.module("asks", JOBS)
    (project.root / "config").mkdir()
    (project.root / "config" / "jobs.py").write_text(
        "import lightjobs\n"
        "jobs = {'engine': 'database',"
        " 'middleware': ['app_jobs.django_connections.DjangoConnections']}\n"
    )
    # The simple middleware does nothing around hooks, which a pool may call in other threads.
    has_hooks = middleware is DOCUMENTED or concurrency == 1

    def is_over(count):
        settled = project.statuses().keys() <= {"failed"}
        return settled and (not has_hooks or len(project.book("hook")) == count)

    worker = project.work(f"--concurrency={concurrency}").ready()
    for count in (6, 12):
        project.push(job, *({"n": n} for n in range(count - 6, count)))
        wait_until(partial(is_over, count))
        assert project.statuses() == {}, [row["exception"] for row in project.rows()]
        server.stop()
        server.start()
    assert worker.stop() == 0
    assert len(project.book("done")) == 12

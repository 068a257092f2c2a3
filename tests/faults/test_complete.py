"""kill -9 around a handler's commit: done and its effects are both there, or neither."""

from __future__ import annotations

import os
import signal

import pytest

from lightjobs.model import NewJob
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

JOBS = """
CONNECT = {connect!r}

class Pays(Job):
    def handle(self):
        record("start", self.payload["n"])
        connection = eval(CONNECT)
        cursor = connection.cursor()
        cursor.execute("INSERT INTO effects VALUES (%d)" % self.payload["n"])
        self.complete(connection=connection)
        if self.payload.get("dies") == "before" and not os.path.exists("died"):
            open("died", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        connection.commit()
        if self.payload.get("dies") == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        connection.close()
        record("end", self.payload["n"])
"""


def connect(caller):
    if caller.dialect == "sqlite":
        return f'__import__("sqlite3").connect({caller.path!r}, timeout=30)'
    name = "dbname" if caller.dialect == "postgres" else "database"
    module = "psycopg" if caller.dialect == "postgres" else "pymysql"
    return f'__import__("{module}").connect(**{caller.login(name)!r})'


@pytest.fixture
def working(caller, project):
    project.jobs(JOBS.format(connect=connect(caller)))

    def work(*payloads):
        caller.engine.push([NewJob("App\\Jobs\\Pays", "default", payload) for payload in payloads])
        return project.work("--stop-when-empty", **caller.environment)

    return work


def test_a_worker_killed_between_commit_and_settling_does_not_run_the_job_again(
    caller, project, working
):
    worker = working('{"n":1,"dies":"after"}', '{"n":2}')
    assert worker.wait() == 0, worker.err
    assert caller.effects() == [1, 2]
    assert project.runs("start") == {"1": 1, "2": 1}
    assert caller.engine.stats() == {}


def test_a_worker_killed_before_the_commit_leaves_nothing_and_the_job_runs_again(
    caller, project, working
):
    worker = working('{"n":1,"dies":"before"}', '{"n":2}')
    assert worker.wait() == 0, worker.err
    assert caller.effects() == [1, 2]
    assert project.runs("start") == {"1": 2, "2": 1}
    assert caller.engine.stats() == {}


def test_effects_are_there_once_for_each_job_however_often_workers_are_killed(
    caller, project, working
):
    worker = working(*(f'{{"n":{n}}}' for n in range(150)))
    for kills in range(1, 7):
        wait_until(lambda kills=kills: len(project.book("end")) > 20 * kills)
        for child in worker.children():
            os.kill(child, signal.SIGKILL)
    assert worker.wait(40) == 0, worker.err
    assert caller.effects() == list(range(150))
    assert caller.engine.stats() == {}

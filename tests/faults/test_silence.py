"""A store that is silent while its connections stay open: a worker notices, and stops when told
to."""

from __future__ import annotations

import signal
import time

import pytest

from lightjobs.model import NewJob
from tests.support.environment import engine_of
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(params=["postgres", pytest.param("mariadb", marks=pytest.mark.long), "redis"])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


@pytest.fixture
def proxy(server):
    with Proxy(server.port) as proxy:
        yield proxy


@pytest.fixture
def through(server, proxy):
    """The environment of a worker that reaches the store through the proxy."""
    port = "REDIS_PORT" if server.kind == "redis" else "DB_PORT"
    return {**server.environment, port: str(proxy.port), "JOB_LEASE": "6"}


def push(engine, count, sleep):
    payloads = [f'{{"n":{n},"sleep":{sleep}}}' for n in range(count)]
    engine.push([NewJob("App\\Jobs\\Work", "default", payload) for payload in payloads])


def test_connections_that_fall_silent_cost_no_lease(server, proxy, through, project):
    engine = engine_of(server.environment)
    push(engine, 2, sleep=15)
    worker = project.work("--workers=2", **through).ready()
    other = None
    try:
        wait_until(lambda: len(project.book("start")) == 2)
        proxy.silence()
        other = project.work(**server.environment, JOB_LEASE="6").ready()
        wait_until(lambda: not engine.stats(), 40)
    finally:
        assert worker.stop() == 0
        if other is not None:
            other.stop()
    assert project.runs("start") == {"0": 1, "1": 1}
    engine.close()


@pytest.mark.parametrize("workers", ["--workers=1", "--workers=0"])
def test_a_stop_is_obeyed_while_the_store_is_silent(server, proxy, through, project, workers):
    engine = engine_of(server.environment)
    push(engine, 1, sleep=60)
    worker = project.work(workers, "--grace=2", **through).ready()
    wait_until(lambda: project.book("start"))
    proxy.silence(also_new=True)
    time.sleep(3)  # beats are under way
    began = time.monotonic()
    worker.stop()
    assert time.monotonic() - began < 4
    engine.close()


@pytest.mark.parametrize("workers", ["--workers=1", "--workers=0"])
@pytest.mark.parametrize("busy", [True, False])
def test_a_second_signal_ends_it_at_once(server, proxy, through, project, workers, busy):
    engine = engine_of(server.environment)
    if busy:
        push(engine, 1, sleep=60)
    worker = project.work(workers, "--grace=30", **through).ready()
    if busy:
        wait_until(lambda: project.book("start"))
    proxy.silence(also_new=True)
    time.sleep(3)
    worker.signal(signal.SIGTERM)
    time.sleep(0.5)
    began = time.monotonic()
    worker.signal(signal.SIGTERM)
    worker.wait()
    assert time.monotonic() - began < 2
    engine.close()

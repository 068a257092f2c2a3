"""An idle worker costs next to nothing, however many queues it serves."""

from __future__ import annotations

import time

import pytest

from tests.support.stores import STORES

from .support import job, push

QUEUES = [f"queue{number}" for number in range(400)]

MOST_LOOKS = 30
"""How many requests an idle second takes: a wait asks every tenth of a second, and may ask for
changes first."""


def requests(engine, server):
    """How many requests of ours the server has had."""
    if engine.name == "redis":
        stats = server.client().info("commandstats")
        return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("eval", "evalsha"))
    return int(server.query("SHOW GLOBAL STATUS LIKE 'Com_select'", ())[0][1])


def take_tokens(server):
    """The pushes have left a token for each queue on Redis, and each would end a sleep."""
    if server.kind != "mariadb":
        client = server.client()
        client.delete(*client.scan_iter("*wake:*", count=1000))


@pytest.fixture(params=["redis", "mariadb"])
def server(request):
    return request.getfixturevalue(f"clean_{request.param}")


@pytest.fixture
def engine(request, server):
    made = STORES[{"redis": "redis-hash"}.get(server.kind, server.kind)](request).engine
    yield made
    made.close()


@pytest.mark.parametrize("delayed", [False, True])
def test_waiting_for_jobs_of_many_queues_takes_few_requests(engine, server, delayed):
    if delayed:
        engine.push([job(queue, due=time.time() + 9999) for queue in QUEUES])
        take_tokens(server)
    engine.wait(QUEUES, 0.2)
    before = requests(engine, server)
    until = time.monotonic() + 1
    while time.monotonic() < until:
        assert not engine.wait(QUEUES, 0.1)
    assert requests(engine, server) - before <= MOST_LOOKS


def test_a_job_of_the_last_of_many_queues_is_noticed(engine):
    engine.wait(QUEUES, 0.2)
    push(engine, queue=QUEUES[-1], priority=-2)
    assert engine.wait(QUEUES, 30)

"""How often a verb waits for an answer of the server: what it costs on a network."""

import pytest

from lightjobs.model import Done, Failed, HandBack, Settlement
from tests.support.environment import engine_of
from tests.support.proxy import Proxy
from tests.support.servers.mysql import MYSQL

from .flows import grouped
from .support import push, worker


@pytest.fixture(params=["postgres", "mariadb", *MYSQL, "pgbouncer"])
def counted(request):
    """An engine, and what returns how many round trips a call takes."""
    server = request.getfixturevalue(f"clean_{request.param}")
    with Proxy(server.port) as proxy:
        engine = engine_of({**server.environment, "DB_PORT": str(proxy.port)})

        def trips(call, *args):
            before = proxy.round_trips
            call(*args)
            return proxy.round_trips - before

        yield engine, trips
        engine.close()


@pytest.mark.parametrize("kind", [Done, HandBack, lambda id, fence: Failed(id, fence, "boom")])
def test_a_batch_of_like_outcomes_is_settled_in_one(counted, kind):
    engine, trips = counted
    push(engine, 20)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 20)
    assert trips(engine.settle, name, [kind(claim.id, claim.fence) for claim in claims]) == 1
    assert engine.held(name) == []


def test_a_batch_of_which_some_are_refused_is_answered_for_each(counted):
    engine, _trips = counted
    push(engine, 3)
    name = worker(engine)
    first, second, third = engine.claim(name, ["q"], 3)
    engine.cancel(second.id)
    outcomes = [Done(claim.id, claim.fence) for claim in (first, second, third)]
    assert engine.settle(name, outcomes) == [
        Settlement.ACCEPTED,
        Settlement.CANCELLED,
        Settlement.ACCEPTED,
    ]


def test_a_job_is_stored_in_one_and_in_two_behind_a_pooler(counted):
    """Behind one, the first waits for a connection of the pool: until then nothing is in doubt."""
    engine, trips = counted
    for _ in range(8):
        push(engine)  # by now the statement is prepared
    needed = 2 if engine.warnings() else 1
    assert [trips(push, engine) for _ in range(3)] == [needed] * 3


@pytest.mark.parametrize("counted", ["postgres", "pgbouncer"], indirect=True)
def test_a_claim_from_groups_takes_one(counted):
    engine, trips = counted
    engine.push([job for number in range(30) for job in grouped(f"g{number}", 20)])
    name = worker(engine)
    for _ in range(8):
        engine.claim(name, ["q"], 20)  # by now the statement is prepared
    assert [trips(engine.claim, name, ["q"], 20) for _ in range(3)] == [1] * 3
    assert len(engine.held(name)) == 11 * 20

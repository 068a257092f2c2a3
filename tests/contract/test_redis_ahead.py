"""A request to Redis whose replies are read later, and what may come between."""

import os

import pytest

from lightjobs.engines.where import Where
from lightjobs.errors import StoreUnavailable
from lightjobs.model import Done, Settlement
from tests.support.environment import engine_of
from tests.support.proxy import Proxy
from tests.support.servers.cluster import Cluster
from tests.support.servers.redis import redis_server
from tests.support.waiting import wait_until

from .support import push, worker


@pytest.fixture
def engine(clean_redis):
    engine = engine_of(clean_redis.environment)
    warm(engine)
    yield engine
    engine.close()


def warm(engine):
    """Have the server know the scripts."""
    name, _outcomes, pending = begun(engine)
    answered(pending)
    engine.recover(name)
    engine.purge(Where(status="new"))


def begun(engine, count=4):
    """A worker that holds two jobs, and its request to settle them and claim two more."""
    push(engine, count)
    name = worker(engine)
    outcomes = [Done(claim.id, claim.fence) for claim in engine.claim(name, ["q"], 2)]
    return name, outcomes, engine.settle_and_claim(name, outcomes, ["q"], 2)


def answered(pending):
    return pending.settlements(), len(pending.claims())


BOTH = ([Settlement.ACCEPTED] * 2, 2)


def test_it_takes_one_round_trip(clean_redis):
    with Proxy(clean_redis.port) as proxy:
        engine = engine_of({**clean_redis.environment, "REDIS_PORT": str(proxy.port)})
        warm(engine)
        name, _outcomes, pending = begun(engine)
        answered(pending)
        held = [Done(claim.id, claim.fence) for claim in engine.held(name)]
        before = proxy.round_trips
        assert answered(engine.settle_and_claim(name, held, ["q"], 2)) == (BOTH[0], 0)
        assert proxy.round_trips - before == 1
        engine.close()


def test_its_connection_is_used_again(engine, clean_redis):
    answered(begun(engine)[2])
    with clean_redis.client() as client:
        before = client.info("stats")["total_connections_received"]
        for _ in range(3):
            assert answered(begun(engine)[2]) == BOTH
        assert client.info("stats")["total_connections_received"] == before


def test_scripts_that_the_server_has_forgotten_are_sent(engine, clean_redis):
    with clean_redis.client() as client:
        push(engine, 4)
        name = worker(engine)
        held = engine.claim(name, ["q"], 2)
        client.script_flush()
        outcomes = [Done(claim.id, claim.fence) for claim in held]
        assert answered(engine.settle_and_claim(name, outcomes, ["q"], 2)) == BOTH


def test_a_connection_that_a_job_has_closed_leaves_both_to_be_found_out(engine, clean_redis):
    name, outcomes, pending = begun(engine)
    wait_until(lambda: engine.stats()["q"]["new"] == 0)  # the server has served the request
    with open(os.devnull, "rb") as other:
        os.dup2(other.fileno(), pending._sent._connected.connection._sock.fileno())
    for answer in (pending.settlements, pending.claims):
        with pytest.raises(StoreUnavailable):
            answer()
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 2
    assert len(engine.held(name)) == 2


def test_replies_that_do_not_come_leave_both_to_be_found_out(clean_redis, monkeypatch):
    monkeypatch.setattr("lightjobs.engines.redis.cluster.TIMEOUT_SECONDS", 0.3)
    with Proxy(clean_redis.port) as proxy:
        engine = engine_of({**clean_redis.environment, "REDIS_PORT": str(proxy.port)})
        push(engine, 4)
        name = worker(engine)
        outcomes = [Done(claim.id, claim.fence) for claim in engine.claim(name, ["q"], 2)]
        proxy.silence()
        pending = engine.settle_and_claim(name, outcomes, ["q"], 2)
        for answer in (pending.settlements, pending.claims):
            with pytest.raises(StoreUnavailable):
                answer()
        proxy.speak()
        assert answered(engine.settle_and_claim(name, outcomes, ["q"], 2)) == BOTH
        engine.close()


def test_a_server_that_is_away_is_noticed_when_the_answers_are_asked_for():
    with redis_server() as server:
        engine = engine_of(server.environment)
        name, outcomes, pending = begun(engine)
        answered(pending)
        engine.close()
        server.kill()
        pending = engine.settle_and_claim(name, outcomes, ["q"], 2)
        for answer in (pending.settlements, pending.claims):
            with pytest.raises(StoreUnavailable):
                answer()
        engine.close()


def test_a_server_that_cannot_write_refuses_both(engine):
    with redis_server() as server, redis_server() as primary:
        engine = engine_of(server.environment)
        push(engine, 4)
        name = worker(engine)
        outcomes = [Done(claim.id, claim.fence) for claim in engine.claim(name, ["q"], 2)]
        server.client().replicaof(primary.host, primary.port)
        pending = engine.settle_and_claim(name, outcomes, ["q"], 2)
        for answer in (pending.settlements, pending.claims):
            with pytest.raises(StoreUnavailable, match="read only replica"):
                answer()
        engine.close()


def test_any_node_of_a_cluster_leads_to_the_jobs(clean_cluster: Cluster):
    for node in clean_cluster.nodes:
        environment = {**node.environment, "REDIS_JOB_PREFIX": "{jobs}:"}
        other = engine_of(environment)
        push(other, 4)
        name = worker(other)
        outcomes = [Done(claim.id, claim.fence) for claim in other.claim(name, ["q"], 2)]
        engine = engine_of(environment)  # which has not been redirected yet
        assert answered(engine.settle_and_claim(name, outcomes, ["q"], 2)) == BOTH
        for each in (engine, other):
            each.close()


def test_a_login_that_has_changed_is_read_again(tmp_path, monkeypatch):
    from lightjobs import engines, env
    from lightjobs.settings.settings import load

    with redis_server(password="old") as server:
        variables = {**server.environment, "REDIS_PASSWORD": "old"}

        def write(password):
            lines = {**variables, "REDIS_PASSWORD": password}.items()
            (tmp_path / ".env").write_text("".join(f"{key}={value}\n" for key, value in lines))

        write("old")
        monkeypatch.chdir(tmp_path)
        env.forget()
        engine = engines.connect(load())
        name, _outcomes, pending = begun(engine, count=8)
        assert answered(pending) == BOTH
        held = [Done(claim.id, claim.fence) for claim in engine.held(name)]
        with server.client() as client:
            client.config_set("requirepass", "new")
        engine.close()  # new connections must log in
        write("new")
        assert answered(engine.settle_and_claim(name, held, ["q"], 2)) == BOTH
        engine.close()
    env.forget()

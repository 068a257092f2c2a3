"""Every way to reach a server leads to the same engine."""

from __future__ import annotations

import itertools
import time

import pytest

from lightjobs.engines.control import Engine
from lightjobs.engines.where import Where
from lightjobs.errors import SettingsError, StoreUnavailable
from lightjobs.model import Done, Failed, Release, Settlement
from tests.support.environment import engine_of
from tests.support.servers.cluster import Cluster, redis_cluster
from tests.support.servers.redis import RedisServer, redis_server, valkey_server
from tests.support.waiting import wait_until

from .support import claim_one, fail, push, worker

# All rights that an application needs; it needs no CONFIG, KEYS, FLUSHALL, CLUSTER and the like.
ACL = "resetkeys ~jobs:* resetchannels -@all +@read +@write +@scripting +@connection +@transaction"
ACL += " +time"

_numbers = itertools.count()

SERVERS = {
    "password": {"password": "p w:/@#'%"},
    "acl": {"username": "wörker", "password": "p w:/@#'%", "acl": ACL},
    "tls": {"tls": True},
    "tls-password": {"tls": True, "username": "worker", "password": "x@", "acl": "~* +@all"},
    "unix": {"unix": True, "password": "x@"},
}


def walk(engine: Engine) -> None:
    """Run each verb once."""
    assert engine.problems() == []
    queue = f"q{next(_numbers)}"
    ids = push(engine, 3, queue)
    name = worker(engine)
    claims = engine.claim(name, [queue], 5)
    assert [claim.id for claim in claims] == ids == sorted(c.id for c in engine.held(name))
    one, two, three = claims
    outcomes = [
        Done(one.id, one.fence),
        Release(two.id, two.fence, time.time() + 60, 1),
        Failed(three.id, three.fence, "boom"),
    ]
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 3
    counts = engine.stats()[queue]
    assert (counts["new"], counts["delayed"], counts["failed"]) == (1, 1, 1)
    assert [job.id for job in engine.browse(Where(status="failed"))] == [three.id]
    assert engine.move("retry", Where(job_id=three.id)) == 1
    assert engine.wait([queue], 1)
    claim_one(engine, name, queue)
    assert engine.beat([name], 30) == []
    assert engine.recover(name) == 1
    fail(engine, queue="other")
    assert engine.purge(Where(status="failed")) == 1
    assert engine.hit(queue, 1, 10) == 0
    assert engine.hit(queue, 1, 10) > 9
    assert engine.lightpack.recover_php(time.time()) == 0
    assert not engine.wait(["nothing"], 0.05)


def walked(environment: dict[str, str]) -> None:
    engine = engine_of(environment)
    try:
        walk(engine)
    finally:
        engine.close()


@pytest.mark.parametrize("protocol", ["2", "3"])
@pytest.mark.parametrize("options", SERVERS.values(), ids=SERVERS)
def test_every_connection_carries_every_verb(options, protocol):
    start = valkey_server if protocol == "3" else redis_server
    with start(**options) as server:
        walked({**server.environment, "REDIS_PROTOCOL": protocol})


def single_keys(server: RedisServer, **more: str) -> dict[str, str]:
    return {
        "JOB_ENGINE": "redis",
        "REDIS_HOST": "localhost",
        "REDIS_PORT": str(server.port),
        "REDIS_TLS": "true",
        "REDIS_TLS_CA": str(server.certificate),
        **more,
    }


def test_tls_trusts_only_the_configured_authority():
    with redis_server(tls=True) as server:
        walked(single_keys(server))
        with pytest.raises(StoreUnavailable, match="certificate verify failed"):
            engine_of(single_keys(server, REDIS_TLS_CA="")).stats()
        walked(single_keys(server, REDIS_TLS_CA="", REDIS_TLS_VERIFY="false"))
        url = {"JOB_ENGINE": "redis", "REDIS_URL": f"rediss://localhost:{server.port}"}
        walked({**url, "REDIS_TLS_CA": str(server.certificate)})
        with pytest.raises(StoreUnavailable, match="certificate verify failed"):
            engine_of(url).stats()


@pytest.mark.parametrize("prefix", ["", "jobs:", "*", "[a-z]*?:", "{", "}{", "ü {x}\\", "a:b:"])
def test_any_prefix_keeps_its_jobs_apart(clean_redis, prefix):
    other = engine_of({**clean_redis.environment, "REDIS_JOB_PREFIX": "another:"})
    push(other, queue="theirs")
    walked({**clean_redis.environment, "REDIS_JOB_PREFIX": prefix})
    assert list(other.stats()) == ["theirs"]
    keys = [key for key in clean_redis.client().keys("*") if not key.startswith("another:")]
    assert f"{prefix}queues" in keys
    assert all(key.startswith(prefix) for key in keys)


@pytest.mark.parametrize("by_url", [False, True])
def test_jobs_may_have_a_database_of_their_own(clean_redis, by_url):
    environment = dict(clean_redis.environment)
    if by_url:
        environment = {"JOB_ENGINE": "redis", "REDIS_URL": clean_redis.url}
    walked({**environment, "REDIS_JOB_DB": "3"})
    assert clean_redis.client().info("keyspace").keys() == {"db3"}


def test_a_claim_from_a_replica_fails_although_nothing_is_due():
    """Otherwise each claim would succeed and each wait fail, and the worker's pauses never grow."""
    with redis_server() as server, redis_server() as primary:
        engine = engine_of(server.environment)
        name = worker(engine)
        assert engine.claim(name, ["q"], 1) == []
        server.client().replicaof(primary.host, primary.port)
        with pytest.raises(StoreUnavailable, match="read only replica"):
            engine.claim(name, ["q"], 1)
        engine.close()


def of_node(node: RedisServer, prefix: str = "{jobs}:") -> dict[str, str]:
    return {**node.environment, "REDIS_JOB_PREFIX": prefix}


def test_any_node_of_a_cluster_leads_to_the_jobs(clean_cluster: Cluster):
    for node in clean_cluster.nodes:
        walked(of_node(node))
    with_keys = [node for node in clean_cluster.nodes if node.client().dbsize()]
    assert with_keys == [clean_cluster.owner("{jobs}:")]


def test_jobs_that_only_php_pushed_are_found_through_any_node(clean_cluster: Cluster):
    with clean_cluster.client() as client:
        client.zadd("{jobs}:queue:php", {"job_1": 1})
    for node in clean_cluster.nodes:
        assert engine_of(of_node(node)).stats()["php"]["new"] == 1


@pytest.mark.parametrize("prefix", ["jobs:", "{}jobs:", "{jobs:", "}{"])
def test_a_prefix_without_a_hash_tag_is_refused_by_a_cluster(clean_cluster: Cluster, prefix):
    for node in clean_cluster.nodes:
        engine = engine_of(of_node(node, prefix))
        for call in (lambda: push(engine), engine.stats, lambda: engine.claim("w", ["q"], 1)):  # noqa: B023
            with pytest.raises(SettingsError, match=r"REDIS_JOB_PREFIX is .* \{jobs\}:"):
                call()
        assert node.client().dbsize() == 0


@pytest.mark.slow
def test_jobs_are_found_again_after_their_slot_has_moved():
    with redis_cluster() as cluster:
        engines = [engine_of(of_node(node)) for node in cluster.nodes]
        for engine in engines:
            assert not engine.wait(["q"], 0)
        for node in cluster.nodes:
            for each in cluster.nodes:
                each.client().flushall()
            cluster.give("{jobs}:", node)
            ids = push(engines[0])
            assert [claim_one(engine).id for engine in engines if engine.wait(["q"], 0)] == ids


@pytest.mark.slow
def test_a_node_that_comes_back_is_found_again():
    with redis_cluster(persistent=True, config=["cluster-node-timeout 500"]) as cluster:
        engines = [engine_of(of_node(node)) for node in cluster.nodes]
        ids = [push(engine)[0] for engine in engines]
        owner = cluster.owner("{jobs}:")
        owner.kill()
        until = time.monotonic() + 1.5  # at first no node notices, then the others refuse
        while time.monotonic() < until:
            for engine in engines:
                with pytest.raises(StoreUnavailable):
                    engine.held("")
        owner.start()

        def claimed(engine):
            try:
                return claim_one(engine).id
            except StoreUnavailable:
                return None

        found = [wait_until(lambda e=engine: claimed(e)) for engine in engines]
        assert found == ids


def test_a_closed_engine_leaves_no_connection_open(clean_redis: RedisServer):
    with clean_redis.client() as client:
        before = len(client.client_list())
        engine = engine_of(clean_redis.environment)
        walk(engine)
        engine.wait(["idle"], 0.05)
        assert engine.find("no job's id") is None
        assert len(client.client_list()) > before
        engine.close()
        wait_until(lambda: len(client.client_list()) == before)
        # It is still here, so nothing else closed them; used again, it opens new ones.
        assert engine.problems() == []
        engine.close()

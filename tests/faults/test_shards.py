"""Shards on several servers, and on the nodes of a cluster, some of which are killed."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from lightjobs.engines.partly import PartlyHeld, PartlySettled
from lightjobs.engines.sharded.places import number_in
from lightjobs.engines.where import Where
from lightjobs.errors import LoginRefused, StoreUnavailable
from lightjobs.model import Done, Failed, Flow, NewJob, Settlement, Unique
from tests.support.environment import engine_of
from tests.support.servers.cluster import Cluster, redis_cluster
from tests.support.servers.redis import RedisServer, redis_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow

HANDLER = "App\\Jobs\\Work"


@pytest.fixture
def servers():
    """Two servers that know nothing of each other and keep their data."""
    with redis_server(persistent=True) as first, redis_server(persistent=True) as second:
        yield [first, second]


@pytest.fixture
def environment(servers):
    return {
        "JOB_ENGINE": "redis",
        "REDIS_URLS": ", ".join(server.url for server in servers),
        "REDIS_JOB_SHARDS": "2",
        "JOB_ENQUEUE_TIMEOUT": "3",
    }


@pytest.fixture
def engine(environment):
    made = engine_of(environment)
    yield made
    made.close()


def jobs(count, start=0, **payload):
    more = "".join(f',"{name}":{value}' for name, value in payload.items())
    return [NewJob(HANDLER, "default", f'{{"n":{n}{more}}}') for n in range(start, start + count)]


def unique(key):
    return NewJob(HANDLER, "default", "{}", flow=Flow(Unique(key, "active", 60.0)))


def of_server(engine, server):
    return [shard for shard in engine._shards if shard.place.endswith(f":{server.port}")]


def key_of(engine, server):
    """A key whose shard is on that server."""
    places = of_server(engine, server)
    return next(str(n) for n in range(99) if engine._shards.of_text(f"key:{n}") in places)


def test_every_server_has_its_shards(engine, servers):
    for _ in range(8):
        engine.push(jobs(1))
    for server in servers:
        found = of_server(engine, server)
        assert [len(shard.engine.browse(Where(status="new"))) for shard in found] == [2, 2]
    assert [shard.number for shard in engine._shards] == [0, 1, 256, 257]


def test_check_shows_the_shards_of_each_server(engine, environment, servers, project):
    lines = [
        f"127.0.0.1:{servers[0].port} has 2 of 4 shards: 0, 1",
        f"127.0.0.1:{servers[1].port} has 2 of 4 shards: 256, 257",
    ]
    assert engine.spread() == lines
    result = project.cli("check", **environment)
    assert result.returncode == 0, result.stdout
    assert [line for line in result.stdout.splitlines() if "shards" in line] == lines
    servers[1].kill()
    result = project.cli("check", **environment)
    assert result.returncode == 1
    assert "problem: shards 256, 257: redis: " in result.stdout


def test_while_a_server_is_away_the_others_take_plain_jobs(engine, servers):
    servers[1].kill()
    began = time.monotonic()
    ids = [id for n in range(20) for id in engine.push(jobs(1, n))]
    assert time.monotonic() - began < 3
    name = "worker-1"
    engine.register(name, 30.0)
    assert {claim.id for claim in engine.claim(name, ["default"], 100)} == set(ids)
    with pytest.raises(StoreUnavailable, match=r"^shard 25\d: "):
        engine.stats()


def test_a_key_of_a_server_that_is_away_is_taken_by_no_other(engine, servers):
    key, other = key_of(engine, servers[1]), key_of(engine, servers[0])
    engine.push([unique(key)])
    servers[1].kill()
    with pytest.raises(StoreUnavailable, match="was not stored"):
        engine.push([unique(key)])
    assert engine.push([unique(other)])
    servers[1].start()
    wait_until(lambda: engine.unique.holder(key) is not None)


def test_jobs_of_several_servers_are_stored_all_or_none(engine, servers):
    keys = [key_of(engine, server) for server in servers]
    servers[1].kill()
    with pytest.raises(StoreUnavailable):
        engine.push([unique(key) for key in keys])
    servers[1].start()
    wait_until(lambda: not engine._shards[2].is_away and engine.stats() == {})


def test_outcomes_of_a_server_that_is_away_are_settled_when_it_is_back(engine, servers):
    for _ in range(8):
        engine.push(jobs(1))
    name = "worker-1"
    engine.register(name, 30.0)
    claims = engine.claim(name, ["default"], 8)
    outcomes = [Done(claim.id, claim.fence) for claim in claims]
    servers[1].kill()
    with pytest.raises(PartlySettled) as caught:
        engine.settle(name, outcomes)
    answers = caught.value.answers
    assert [answers.count(each) for each in (Settlement.ACCEPTED, None)] == [4, 4]
    with pytest.raises(PartlyHeld) as held:
        engine.held(name)
    assert held.value.claims == []
    known = [held.value.is_known(claim.id) for claim in claims]
    assert known == [answer is not None for answer in answers]
    servers[1].start()
    wait_until(lambda: not any(shard.is_away for shard in engine._shards))
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 8
    assert engine.stats() == {}


def test_if_all_are_away_the_store_is(engine, servers):
    for server in servers:
        server.kill()
    with pytest.raises(StoreUnavailable):
        engine.push(jobs(1))
    for verb in (lambda: engine.register("w", 30.0), lambda: engine.claim("w", ["default"], 1)):
        with pytest.raises(StoreUnavailable) as caught:
            verb()
        assert not isinstance(caught.value, PartlyHeld)


def test_a_push_that_no_shard_will_ever_take_is_refused_at_once():
    with redis_server(password="secret") as first, redis_server(password="secret") as second:
        urls = " ".join(server.url.replace("secret", "wrong") for server in (first, second))
        engine = engine_of({"JOB_ENGINE": "redis", "REDIS_URLS": urls, "JOB_ENQUEUE_TIMEOUT": "20"})
        began = time.monotonic()
        with pytest.raises(LoginRefused):
            engine.push(jobs(1))
        assert time.monotonic() - began < 10
        engine.close()


def test_a_push_goes_to_the_server_that_is_not_full():
    with redis_server(maxmemory="100kb") as full, redis_server() as roomy:
        urls = f"{full.url} {roomy.url}"
        engine = engine_of({"JOB_ENGINE": "redis", "REDIS_URLS": urls})
        assert {number_in(id) for _ in range(6) for id in engine.push(jobs(1))} == {256}
        engine.close()


def test_a_worker_that_began_while_a_server_was_away_works_its_jobs_later(engine, servers):
    servers[1].kill()
    engine.register("w", 30.0)
    servers[1].start()
    for _ in range(8):
        engine.push(jobs(1))
    wait_until(lambda: engine.beat(["w"], 30.0) == [] and not engine._unregistered)
    assert len(engine.claim("w", ["default"], 8)) == 8


def test_work_goes_on_while_one_of_two_servers_is_killed_and_started_again(
    project, engine, servers, environment
):
    for n in range(300):
        engine.push(jobs(1, n, sleep=0.005))
    worker = project.work("--workers=2", **environment).ready()
    wait_until(lambda: len(project.book("end")) > 30)
    servers[1].kill()
    later = len(project.book("end"))
    for n in range(300, 400):
        engine.push(jobs(1, n, sleep=0.005))
    # More than what was under way: half of all jobs are on the server that is there.
    wait_until(lambda: len(project.book("end")) > later + 120)
    assert worker.process.poll() is None
    servers[1].start()
    wait_until(lambda: len(project.runs("end")) == 400)
    wait_until(lambda: _stats(engine) == {})
    assert worker.stop() == 0
    assert "Traceback" not in worker.err


def test_work_begins_while_a_server_is_away_and_goes_on_with_it_when_it_is_back(
    project, engine, servers, environment
):
    for n in range(40):
        engine.push(jobs(1, n))
    servers[1].kill()
    worker = project.work("--workers=2", **environment, JOB_LEASE="3").ready()
    wait_until(lambda: len(project.runs("end")) == 20)
    servers[1].start()
    wait_until(lambda: len(project.runs("end")) == 40)
    wait_until(lambda: _stats(engine) == {})
    assert worker.stop() == 0
    assert worker.children() == []
    assert "given up" not in worker.err
    assert "Traceback" not in worker.err


def test_a_node_of_a_cluster_is_killed_and_its_replica_takes_over(project):
    with _with_replicas() as cluster:
        environment = {
            **cluster.environment,
            "REDIS_JOB_PREFIX": "{jobs}:",
            "REDIS_JOB_SHARDS": "16",
            "JOB_ENQUEUE_TIMEOUT": "20",
        }
        engine = engine_of(environment)
        stored: set[int] = set()
        over = threading.Event()

        def produce():
            n = 0
            while not over.is_set():
                with contextlib.suppress(StoreUnavailable):  # it may be stored; that is no promise
                    engine.push(jobs(1, n, sleep=0.001))
                    stored.add(n)
                n += 1
                time.sleep(0.002)

        producer = threading.Thread(target=produce)
        producer.start()
        try:
            worker = project.work("--workers=2", **environment).ready()
            wait_until(lambda: len(project.book("end")) > 100)
            assert all(len(_shards_at(engine, node)) >= 5 for node in cluster.nodes[:3])
            time.sleep(0.1)
            cluster.nodes[1].kill()
            later = len(project.book("end"))
            wait_until(lambda: len(project.book("end")) > later + 100)
            wait_until(lambda: _stats(engine) is not None, 30)  # the replica has taken over
            time.sleep(0.5)
        finally:
            over.set()
            producer.join()
        wait_until(lambda: _stats(engine) == {}, 40)
        assert stored <= {int(n) for n in project.runs("end")}
        assert worker.stop() == 0
        assert "Traceback" not in worker.err
        engine.close()


def test_a_slot_is_moved_key_by_key_under_load(project):
    with redis_cluster() as cluster:
        environment = {
            **cluster.environment,
            "REDIS_JOB_PREFIX": "{jobs}:",
            "REDIS_JOB_SHARDS": "4",
            "JOB_ENQUEUE_TIMEOUT": "20",
        }
        engine = engine_of(environment)
        moved = engine._shards[1]
        # Some keys of the slot: jobs that have failed and jobs that wait.
        moved.engine.push([NewJob("nothing", "other", "{}")] * 40)
        moved.engine.register("w", 30.0)
        failed = moved.engine.claim("w", ["other"], 20)
        moved.engine.settle("w", [Failed(each.id, each.fence, "boom") for each in failed])
        over = threading.Event()
        pushed: list[int] = []

        def produce():
            while not over.is_set():
                engine.push(jobs(1, len(pushed), sleep=0.001))
                pushed.append(1)
                time.sleep(0.002)

        producer = threading.Thread(target=produce)
        producer.start()
        try:
            worker = project.work("--workers=2", "--queue=default", **environment).ready()
            wait_until(lambda: len(project.book("end")) > 50)
            before = cluster.owner(f"{moved.prefix}queues")
            after = next(node for node in cluster.nodes if node is not before)
            began = len(project.book("end"))
            _begin_move(f"{moved.prefix}queues", before, after)
            _end_move(f"{moved.prefix}queues", before, after, pause=0.02)
            assert len(project.book("end")) > began + 50  # the other shards have gone on
            assert cluster.owner(f"{moved.prefix}queues") is after
            wait_until(lambda: not moved.is_away and _stats(engine) is not None)
            time.sleep(0.5)
        finally:
            over.set()
            producer.join()
        wait_until(lambda: set(_stats(engine) or "?") == {"other"})
        assert project.runs("end") == {str(n): 1 for n in range(len(pushed))}
        assert engine.stats()["other"] == {**engine.stats()["other"], "new": 20, "failed": 20}
        assert engine.consistency.verify(fix=False) == []
        assert worker.stop() == 0
        assert "Traceback" not in worker.err
        engine.close()


def test_no_script_runs_on_a_part_of_the_keys_of_a_slot(clean_cluster):
    environment = {**clean_cluster.environment, "REDIS_JOB_PREFIX": "{jobs}:"}
    engine = engine_of(environment)
    for name in ("w", "other"):
        engine.register(name, 30.0)
    engine.beat(["w", "other"], 30.0, {"w": "a note", "other": "a note"})
    ids = engine.push(jobs(9))
    claims = engine.claim("w", ["default"], 9)
    engine.settle("w", [Failed(claims[0].id, claims[0].fence, "boom")])
    before = clean_cluster.owner("{jobs}:queues")
    after = next(node for node in clean_cluster.nodes if node is not before)
    _begin_move("{jobs}:queues", before, after)
    with before.client() as source:
        for id in ids[5:]:
            source.execute_command("MIGRATE", after.host, after.port, f"{{jobs}}:job:{id}", 0, 5000)
    with pytest.raises(StoreUnavailable):
        engine.recover("w")
    _end_move("{jobs}:queues", before, after, pause=0.0)
    assert engine.recover("w") == 8
    assert engine.stats()["default"] == {**engine.stats()["default"], "new": 8, "failed": 1}
    assert engine.consistency.verify(fix=False) == []
    engine.close()


def _begin_move(key, before, after):
    """Begin to move the slot of `key`."""
    with before.client() as source, after.client() as target:
        slot = source.execute_command("CLUSTER", "KEYSLOT", key)
        ids = [client.execute_command("CLUSTER", "MYID") for client in (source, target)]
        target.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
        source.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])


def _end_move(key, before, after, pause):
    """Move the keys of the slot one by one, as `redis-cli --cluster reshard` does, and then the
    slot."""
    with before.client() as source, after.client() as target:
        slot = source.execute_command("CLUSTER", "KEYSLOT", key)
        name = target.execute_command("CLUSTER", "MYID")
        while keys := source.execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1):
            source.execute_command("MIGRATE", after.host, after.port, keys[0], 0, 5000)
            time.sleep(pause)
        for client in (target, source):
            client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", name)


def _stats(engine):
    """The counts; None while a shard is away."""
    try:
        return engine.stats()
    except StoreUnavailable:
        return None


def _shards_at(engine, node):
    ports = [
        shard.node.client.connection_pool.connection_kwargs["port"] for shard in engine._shards
    ]
    return [port for port in ports if port == node.port]


@contextlib.contextmanager
def _with_replicas():
    """A cluster of three nodes, each with a replica."""
    cluster = Cluster(config=["cluster-node-timeout 1500", "repl-diskless-sync-delay 0"])
    replicas = [
        RedisServer(cluster=True, config=["cluster-node-timeout 1500"]) for _ in cluster.nodes
    ]
    try:
        cluster.start()
        for master, replica in zip(cluster.nodes, replicas, strict=True):
            replica.start()
            _replicate(cluster.nodes[0], master, replica)
        cluster.nodes += replicas
        yield cluster
    finally:
        cluster.nodes += [each for each in replicas if each not in cluster.nodes]
        cluster.close()


def _replicate(first, master, replica):
    with first.client() as known, master.client() as at_master, replica.client() as client:
        bus = client.config_get("cluster-port")["cluster-port"]
        known.execute_command("CLUSTER", "MEET", replica.host, replica.port, bus)
        name = at_master.execute_command("CLUSTER", "MYID")

        def replicates():
            with contextlib.suppress(Exception):  # it does not know the master yet
                client.execute_command("CLUSTER", "REPLICATE", name)
            return client.info("replication").get("master_link_status") == "up"

        wait_until(replicates)

"""Shards on the nodes of a cluster: one is killed, and slots move from node to node."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from lightjobs.errors import StoreUnavailable
from lightjobs.model import Failed, NewJob
from tests.support.environment import engine_of
from tests.support.servers.cluster import Cluster, redis_cluster
from tests.support.servers.redis import RedisServer
from tests.support.waiting import wait_until

from .shards import jobs
from .shards import stats as _stats

pytestmark = pytest.mark.slow


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

"""A Redis Cluster."""

from __future__ import annotations

import contextlib
from typing import Any

import redis

from ..waiting import wait_until
from .base import started
from .redis import RedisServer, ValkeyServer


class Cluster:
    """Three nodes without replicas; stands for its first node."""

    def __init__(self, node: type[RedisServer] = RedisServer, **options: Any) -> None:
        self.kind = node.kind
        self.nodes = [node(cluster=True, **options) for _ in range(3)]

    @property
    def environment(self) -> dict[str, str]:
        """What makes lightjobs use this cluster."""
        return self.nodes[0].environment

    def client(self, **options: Any) -> redis.RedisCluster:
        """A client that finds the node of each key."""
        first = self.nodes[0]
        return redis.RedisCluster.from_url(first.url, **{"decode_responses": True, **options})

    def start(self) -> None:
        """Start all nodes, give each a third of the slots, and wait until all know all."""
        bounds = [0, 5461, 10923, 16384]
        with contextlib.ExitStack() as stack:
            clients = []
            for index, node in enumerate(self.nodes):
                node.start()
                client = stack.enter_context(node.client())
                first, last = bounds[index], bounds[index + 1] - 1
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", index + 1)
                clients.append(client)
            for node, client in zip(self.nodes[1:], clients[1:], strict=True):
                bus = client.config_get("cluster-port")["cluster-port"]
                clients[0].execute_command("CLUSTER", "MEET", node.host, node.port, bus)
            wait_until(lambda: all(map(_knows_all, clients)), what="the cluster comes together")

    def empty(self) -> None:
        """Remove all keys and scripts."""
        for node in self.nodes:
            node.empty()

    def owner(self, key: str) -> RedisServer:
        """The node that has the slot of `key`."""
        with self.client() as client:
            port = client.get_node_from_key(key).port
        return next(node for node in self.nodes if node.port == port)

    def give(self, key: str, node: RedisServer) -> None:
        """Give the slot of `key`, in which there must be no key, to `node`."""
        with self.client() as client:
            slot = client.keyslot(key)
        with node.client() as client:
            name = client.execute_command("CLUSTER", "MYID")
        for each in [node, *self.nodes]:
            with each.client() as client:
                client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", name)

    def stop(self) -> None:
        """Stop all nodes."""
        for node in self.nodes:
            node.stop()

    def close(self) -> None:
        """Kill all nodes, and remove what is on the disk."""
        for node in self.nodes:
            node.close()


def redis_cluster(**options: Any) -> contextlib.AbstractContextManager[Cluster]:
    """A running cluster of three redis-servers, each with the options of RedisServer."""
    return started(Cluster(**options))


def valkey_cluster(**options: Any) -> contextlib.AbstractContextManager[Cluster]:
    """A running cluster of three valkey-servers."""
    return started(Cluster(ValkeyServer, **options))


def _knows_all(client: Any) -> bool:
    info = client.execute_command("CLUSTER INFO")
    return bool(info["cluster_state"] == "ok" and info["cluster_known_nodes"] == "3")

"""The server that holds the jobs; in a cluster, the node that owns their slot."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import redis
from redis import exceptions

from .connections import IdleConnections
from .pool import TIMEOUT_SECONDS, Address
from .resp import Word

REDIRECTIONS = 5
"""How often one command is sent on before the cluster counts as not ready."""

AWAY = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.ClusterDownError,  # and MasterDownError
)


class Node:
    """Finds its way in a cluster by itself: all keys of a prefix are in one slot, so one node has
    them, and any other answers MOVED before it has done anything. A cluster client would only add
    repeats of commands that may have been run, and answers the same to a lone server."""

    def __init__(self, open_pool: Callable[[Address | None], redis.ConnectionPool]) -> None:
        self._open = open_pool
        self._lock = threading.Lock()
        self._client = redis.Redis(connection_pool=open_pool(None))
        self._current: Address | None = None
        """None: as configured."""
        self._clients: dict[Address | None, redis.Redis] = {None: self._client}
        self._idle_connections = IdleConnections()

    @property
    def client(self) -> redis.Redis:
        """The client of the node to ask now."""
        return self._client

    def execute(self, *command: Word) -> Any:
        """Run one command where the jobs are; the reply as redis-py reads it. Raises its errors."""
        return self._found(lambda client: ask(client, *command))

    def exchange(self, command: bytes) -> Any:
        """Send one packed command to where the jobs are and return the reply as it came. Raises
        redis-py's errors."""
        return self._found(lambda client: self._exchanged(client, command))

    def _exchanged(self, client: redis.Redis, command: bytes) -> Any:
        # Not by the client: its pool and its ways take longer than a small script does.
        connected = self._idle_connections.take(client.connection_pool, TIMEOUT_SECONDS)
        try:
            reply = connected.exchange(command)
        except exceptions.ResponseError:
            self._idle_connections.give_back(connected)
            raise
        except BaseException:
            connected.connection.disconnect()
            raise
        self._idle_connections.give_back(connected)
        return reply

    def _found(self, asked: Callable[[redis.Redis], Any]) -> Any:
        for _ in range(REDIRECTIONS):
            client = self._client
            try:
                return asked(client)
            except exceptions.MovedError as moved:
                self.follow(client, moved)
            except AWAY:
                self.leave(client)
                raise
            except exceptions.ReadOnlyError:
                # A replica by now; a name may lead to another server when it is looked up again.
                client.connection_pool.disconnect(inuse_connections=False)
                self._idle_connections.close()
                raise
        raise exceptions.ClusterError("the cluster's nodes send this from one to the other")

    def follow(self, client: redis.Redis, moved: exceptions.MovedError) -> None:
        """Turn to the node that `client` said owns the slot."""
        address = _address(moved.host, moved.port, client)
        known = {address, *_nodes(client)}
        with self._lock:
            for gone in set(self._clients) - known - {None}:
                del self._clients[gone]
            for new in known - set(self._clients):
                self._clients[new] = redis.Redis(connection_pool=self._open(new))
            self._turn_to(address)

    def leave(self, client: redis.Redis) -> None:
        """`client`'s node did not answer: ask another next, which knows the slot's new owner."""
        with self._lock:
            if client is self._client and len(self._clients) > 1:
                addresses = list(self._clients)
                self._turn_to(addresses[(addresses.index(self._current) + 1) % len(addresses)])

    def _turn_to(self, address: Address | None) -> None:
        self._current, self._client = address, self._clients[address]

    def close(self) -> None:
        """Close all connections; new ones are made when they are needed."""
        with self._lock:
            for client in self._clients.values():
                client.close()
        self._idle_connections.close()


def ask(client: redis.Redis, *command: Word) -> Any:
    """Run one command; redis-py has left this function without types."""
    return client.execute_command(*command)  # type: ignore[no-untyped-call]


def _address(host: str | bytes, port: int, client: redis.Redis) -> Address:
    # A node that does not know its own name says "the host you asked".
    name = host.decode() if isinstance(host, bytes) else host
    return name or client.connection_pool.connection_kwargs["host"], int(port)


def _nodes(client: redis.Redis) -> set[Address]:
    """The cluster's nodes, as far as `client` may ask for them."""
    try:
        slots = ask(client, "CLUSTER", "SLOTS")  # [[first, last, [host, port, ...], ...], ...]
    except exceptions.RedisError:
        return set()
    return {_address(node[0] or "", node[1], client) for row in slots for node in row[2:]}

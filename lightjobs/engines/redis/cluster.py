"""The server that holds the jobs; in a cluster, the node that owns their slot."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import redis
from redis import exceptions

from ...settings.login import Login, LoginAgain, no_other
from .. import answer_limit
from .connections import Connection, IdleConnections
from .pool import TIMEOUT_SECONDS
from .redis_errors import AWAY, LOGIN_REFUSED
from .resp import Word
from .sentinel import Address, doubt

REDIRECTIONS = 5
"""How often one command is redirected before the cluster counts as not ready."""


class Node:
    """The way to the right node of a cluster. All keys of a prefix are in one slot, so one node has
    them, and any other answers MOVED without running the command. redis-py's cluster client would
    add nothing but repeats of commands that may have been run. A single server needs no other code.
    """

    def __init__(
        self,
        open_pool: Callable[[Address | None], redis.ConnectionPool],
        login_again: LoginAgain = no_other,
    ) -> None:
        self._open = open_pool
        self._login_again = login_again
        self._login: Login | None = None
        """None: that of the settings."""
        self._lock = threading.Lock()
        self._client = redis.Redis(connection_pool=open_pool(None))
        self._current: Address | None = None
        """None: the server of the settings."""
        self._clients: dict[Address | None, redis.Redis] = {None: self._client}
        self._idle_connections = IdleConnections()

    @property
    def client(self) -> redis.Redis:
        """The client of the node to ask now."""
        return self._client

    def execute(self, *command: Word) -> Any:
        """Run one command on that node and return the reply as redis-py converts it. Raises
        redis-py's errors."""
        return self._found(lambda client: ask(client, *command))

    def exchange(self, command: bytes) -> Any:
        """Send one packed command to that node and return the reply as it came. Raises redis-py's
        errors."""
        return self._found(lambda client: self._exchanged(client, command))

    def _exchanged(self, client: redis.Redis, command: bytes) -> Any:
        # Not through the client, whose overhead is longer than a small script takes.
        connected = self.connected(client)
        try:
            connected.send(command)
            connected.wait(answer_seconds())
            reply = connected.reply()
        except exceptions.ResponseError:
            self.give_back(connected)
            raise
        except BaseException:
            connected.connection.disconnect()
            raise
        self.give_back(connected)
        return reply

    def connected(self, client: redis.Redis) -> Connection:
        """A connection to `client`'s node that no one else uses, until it is given back."""
        return self._idle_connections.take(client.connection_pool, answer_seconds())

    def give_back(self, connected: Connection) -> None:
        """Keep a connection that owes no reply."""
        if connected.timeout < TIMEOUT_SECONDS:  # too short for other threads
            connected.connection.disconnect()
        else:
            self._idle_connections.give_back(connected)

    def _found(self, asked: Callable[[redis.Redis], Any]) -> Any:
        for _ in range(REDIRECTIONS):
            client = self._client
            try:
                return asked(client)
            except exceptions.MovedError as moved:
                self.follow(client, moved)
            except LOGIN_REFUSED:
                if not self.log_in_again(client):
                    raise
            except AWAY:
                self.leave(client)
                raise
            except exceptions.ReadOnlyError:
                # The server has become a replica; its name may now lead to another.
                client.connection_pool.disconnect(inuse_connections=False)
                self._idle_connections.close()
                raise
        raise exceptions.ClusterError("the cluster's nodes redirect this command to each other")

    def log_in_again(self, client: redis.Redis) -> bool:
        """Whether there is another login than the one that `client` was refused with. If so, new
        connections use it."""
        used = client.connection_pool.connection_kwargs
        login = self._login_again(Login(used["username"], used["password"]))
        if login is None:
            return False
        with self._lock:
            self._login = login
            for each in self._clients.values():
                self._set_login(each.connection_pool)
        return True

    def _set_login(self, pool: redis.ConnectionPool) -> redis.ConnectionPool:
        if self._login is not None:
            pool.connection_kwargs.update(username=self._login.user, password=self._login.password)
        return pool

    def follow(self, client: redis.Redis, moved: exceptions.MovedError) -> None:
        """Turn to the node that owns the slot according to `client`'s answer."""
        address = _address(moved.host, moved.port, client)
        known = {address, *_nodes(client)}
        with self._lock:
            for gone in set(self._clients) - known - {None}:
                del self._clients[gone]
            for new in known - set(self._clients):
                self._clients[new] = redis.Redis(connection_pool=self._set_login(self._open(new)))
            self._turn_to(address)

    def leave(self, client: redis.Redis) -> None:
        """Turn from `client`'s node, which did not answer, to another; it knows the owner."""
        doubt(client.connection_pool)
        with self._lock:
            if client is self._client and len(self._clients) > 1:
                addresses = list(self._clients)
                self._turn_to(addresses[(addresses.index(self._current) + 1) % len(addresses)])

    def _turn_to(self, address: Address | None) -> None:
        self._current, self._client = address, self._clients[address]

    def close(self) -> None:
        """Close all connections; new ones are opened when they are needed."""
        with self._lock:
            for client in self._clients.values():
                # client.close() would leave them open: the pool is ours, not the client's.
                client.connection_pool.disconnect(inuse_connections=False)
        self._idle_connections.close()


def answer_seconds() -> float:
    """How long this thread waits for an answer."""
    return min(TIMEOUT_SECONDS, answer_limit.seconds())


def ask(client: redis.Redis, *command: Word) -> Any:
    """Run one command. redis-py's function has no types."""
    return client.execute_command(*command)  # type: ignore[no-untyped-call]


def _address(host: str | bytes, port: int, client: redis.Redis) -> Address:
    # An empty host means the one that was asked.
    name = host.decode() if isinstance(host, bytes) else host
    return name or client.connection_pool.connection_kwargs["host"], int(port)


def _nodes(client: redis.Redis) -> set[Address]:
    """The cluster's nodes; empty when `client` may not ask for them."""
    try:
        slots = ask(client, "CLUSTER", "SLOTS")  # [[first, last, [host, port, ...], ...], ...]
    except exceptions.RedisError:
        return set()
    return {_address(node[0] or "", node[1], client) for row in slots for node in row[2:]}

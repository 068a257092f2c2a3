"""Sends commands, and tells of each whether it has run, has not run, or may have run."""

from __future__ import annotations

import time
from typing import Any

import redis
from redis import exceptions

from ...errors import StoreUnavailable
from .cluster import Node
from .connections import Connection, IdleConnections
from .redis_errors import AWAY, LOGIN_REFUSED, UNTRANSLATED, translated_push

SLACK_SECONDS = 0.1
"""How long after its deadline a command may still wait for its reply."""


class Producer:
    """Sends on connections of its own. With these it is known whether the whole command had been
    sent when the connection broke, and each step can be given just the time that is left."""

    def __init__(self, node: Node, seconds: float) -> None:
        self._node = node
        self.seconds = seconds
        """How long a command may take, all attempts together."""
        self._idle_connections = IdleConnections()

    def close(self) -> None:
        """Close the idle connections."""
        self._idle_connections.close()

    def send(self, command: bytes, deadline: float) -> Any:
        """Send a packed command once and return its reply.

        Raises ConnectionLost when the command was sent and no reply came before `deadline`, a
        monotonic time. Any other StoreUnavailable means that the server did not run it; Refused,
        that it will not run it later either. UNTRANSLATED replies are raised as they are.
        """
        client = self._node.client
        connected = None
        sent = False
        try:
            left = max(0.001, deadline - time.monotonic())
            # A connection made at the first attempt may wait the whole time at later commands, too.
            longest = self.seconds if left > 0.8 * self.seconds else left
            connected = self._idle_connections.take(client.connection_pool, longest)
            connected.send(command)
            sent = True  # a server runs no command of which a part is missing
            if left + SLACK_SECONDS < connected.timeout:  # the connection would wait too long
                self._wait(connected, left)
            reply = connected.reply()
        except BaseException as error:
            if connected is not None:
                connected.connection.disconnect()
            if isinstance(error, UNTRANSLATED):
                raise
            if not isinstance(error, (exceptions.RedisError, OSError)):
                raise
            if isinstance(error, LOGIN_REFUSED) and self._node.log_in_again(client):
                raise StoreUnavailable("the login has changed") from error  # it is sent again
            self._turn(client, error)
            raise translated_push(error, sent) from error
        if connected.timeout >= self.seconds:
            self._idle_connections.give_back(connected)
        else:
            connected.connection.disconnect()
        return reply

    def _wait(self, connected: Connection, seconds: float) -> None:
        if not connected.connection.can_read(seconds):
            raise exceptions.TimeoutError(f"no reply within {self.seconds:g} s")

    def _turn(self, client: redis.Redis, error: Exception) -> None:
        if isinstance(error, exceptions.MovedError):
            self._node.follow(client, error)
        elif isinstance(error, AWAY):
            self._node.leave(client)

"""What a producer sends: done within a time, or an error that says whether it may be done."""

from __future__ import annotations

import time
from typing import Any

import redis
from redis import exceptions

from .cluster import AWAY, Node
from .connections import Connection, IdleConnections

PAUSE_SECONDS = (0.01, 0.25)
"""First and longest pause between two attempts."""

SLACK_SECONDS = 0.1
"""How much later than promised a producer may be told that no reply came."""

PASSING = (
    exceptions.BusyLoadingError,
    exceptions.ClusterDownError,
    exceptions.MovedError,
    exceptions.ReadOnlyError,
    exceptions.TryAgainError,
)
"""Replies of a server that will soon be ready, or is not the right one."""

FULL = "max number of clients reached"


class Unsent(Exception):
    """The command was surely not run; `cause` says why."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class InDoubt(Exception):
    """The command was sent, and no reply came."""


class Producer:
    """Sends on connections of its own: who has them knows whether a command had gone out whole
    when they broke, and can give each the time that is left."""

    def __init__(self, node: Node, seconds: float) -> None:
        self._node = node
        self._seconds = seconds
        self._idle_connections = IdleConnections()

    def send(self, command: bytes) -> Any:
        """Send a packed command and return its reply. What was surely not run is tried again while
        that may help and there is time. Raises Unsent, InDoubt or NoScriptError."""
        deadline = time.monotonic() + self._seconds
        pause = PAUSE_SECONDS[0]
        while True:
            try:
                return self._attempt(deadline, command)
            except Unsent as error:
                if not _may_pass(error.cause) or time.monotonic() + pause >= deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS[1])

    def close(self) -> None:
        """Close what is idle."""
        self._idle_connections.close()

    def _attempt(self, deadline: float, command: bytes) -> Any:
        client = self._node.client
        connected = None
        sent = False
        try:
            left = max(0.001, deadline - time.monotonic())
            connected = self._idle_connections.take(client.connection_pool, left)
            connected.send(command)
            sent = True  # a server does not run what has not come whole
            if left + SLACK_SECONDS < connected.timeout:  # its own time would be over too late
                self._wait(connected, left)
            reply = connected.reply()
        except BaseException as error:
            if connected is not None:
                connected.connection.disconnect()
            if isinstance(error, exceptions.NoScriptError):
                raise
            if not isinstance(error, (exceptions.RedisError, OSError)):
                raise
            self._turn(client, error)
            if sent and not _is_reply(error):
                raise InDoubt(str(error)) from error
            raise Unsent(error) from error
        if connected.timeout > self._seconds / 2:
            self._idle_connections.give_back(connected)
        else:
            connected.connection.disconnect()
        return reply

    def _wait(self, connected: Connection, seconds: float) -> None:
        if not connected.connection.can_read(seconds):
            raise exceptions.TimeoutError(f"no reply within {self._seconds:g} s")

    def _turn(self, client: redis.Redis, error: Exception) -> None:
        if isinstance(error, exceptions.MovedError):
            self._node.follow(client, error)
        elif isinstance(error, AWAY):
            self._node.leave(client)


def _is_reply(error: Exception) -> bool:
    """Whether the server said it; redis-py counts some refusals among a connection's errors."""
    refusals = (
        exceptions.ResponseError,
        exceptions.BusyLoadingError,
        exceptions.AuthenticationError,
        exceptions.AuthorizationError,
    )
    return isinstance(error, refusals) or str(error) == FULL


def _may_pass(error: Exception) -> bool:
    if isinstance(error, PASSING) or str(error) == FULL:
        return True
    return isinstance(error, (*AWAY, OSError)) and not _is_reply(error)

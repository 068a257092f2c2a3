"""Connections outside redis-py's pool, on which it is known what has been sent."""

from __future__ import annotations

import os
import select
from collections import deque
from typing import Any, NamedTuple

import redis
from redis import exceptions

from .sentinel import is_left


class Connection(NamedTuple):
    """A connection to the server of `pool`, whose socket waits at most `timeout` seconds."""

    pool: redis.ConnectionPool
    connection: Any
    timeout: float
    poll: select.poll

    def send(self, command: bytes) -> None:
        """Send a packed command."""
        self.connection.send_packed_command((command,), check_health=False)

    def wait(self, seconds: float) -> None:
        """Wait for the beginning of the reply, `seconds` at most."""
        if seconds < self.timeout and not self.connection.can_read(seconds):
            raise exceptions.TimeoutError(f"no reply within {seconds:g} s")

    def reply(self) -> Any:
        """The reply to what was sent."""
        try:
            return self.connection.read_response()
        except exceptions.ResponseError as error:
            # Redis says this instead of NOAUTH to a command of more than ten words, and hangs up.
            if str(error).startswith("Protocol error: unauthenticated"):
                raise exceptions.AuthenticationError("Authentication required.") from error
            raise

    def is_quiet(self) -> bool:
        """Whether nothing has arrived on this idle connection, not even its end."""
        if not self.poll.poll(0):
            return True
        try:
            return not self.connection.can_read(0)  # TLS sends more than replies
        except (exceptions.RedisError, OSError):
            return False


class IdleConnections:
    """Connections that are not in use."""

    def __init__(self) -> None:
        self._idle: deque[Connection] = deque()
        self._process = os.getpid()

    def take(self, pool: redis.ConnectionPool, seconds: float) -> Connection:
        """One that is alive, or a new one that may wait `seconds` in each of its steps."""
        if self._process != os.getpid():
            # After a fork: the parent goes on using these sockets.
            self._idle, self._process = deque(), os.getpid()
        while True:
            try:
                connected = self._idle.pop()
            except IndexError:
                break
            if (
                connected.pool is pool
                and connected.is_quiet()
                and not is_left(connected.connection)
            ):
                return connected
            connected.connection.disconnect()
        limits = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
        connection = pool.connection_class(**{**pool.connection_kwargs, **limits})
        connection.connect()
        poll = select.poll()
        poll.register(connection._sock, select.POLLIN)
        return Connection(pool, connection, seconds, poll)

    def give_back(self, connected: Connection) -> None:
        """Keep a connection that owes no reply."""
        self._idle.append(connected)

    def close(self) -> None:
        """Close all of them."""
        while self._idle:
            self._idle.popleft().connection.disconnect()

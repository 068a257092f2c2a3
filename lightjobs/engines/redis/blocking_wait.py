"""Sleeping until a token comes, exact to a millisecond."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import redis
from redis import exceptions

from .cluster import Node, answer_seconds
from .connections import Connection, IdleConnections
from .pool import TIMEOUT_SECONDS
from .redis_errors import AWAY
from .resp import packed

MARGIN_SECONDS = 0.003
"""How much sooner the server's timeout ends than ours, so that it has ended when we ask."""


class BlockingWait:
    """Waits for tokens. An idle server checks only ten times a second whether a blocked client has
    timed out. So the time is kept here, and at its end any command makes the server check."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._idle_connections = IdleConnections()
        self._client_ids: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        """What the server calls each connection on which a wait was begun."""

    def sleep(self, keys: Sequence[str], seconds: float) -> bytes | None:
        """Return the token as soon as there is one in a list of `keys`; None after `seconds`."""
        if seconds < 2 * MARGIN_SECONDS:
            time.sleep(seconds)
            return None
        client = self._node.client
        connected = self._idle_connections.take(client.connection_pool, TIMEOUT_SECONDS)
        connection = connected.connection
        try:
            connected.send(packed("BLPOP", *keys, seconds - MARGIN_SECONDS))
            if not connection.can_read(seconds):
                self._make_notice(connection, keys[0])
            popped = connection.read_response()
        except exceptions.MovedError:
            # The next command will find the right node.
            connection.disconnect()
            return None
        except BaseException as error:
            connection.disconnect()
            if isinstance(error, AWAY):
                self._node.leave(client)
            raise
        self._idle_connections.give_back(connected)
        return popped[1] if popped else None

    def _make_notice(self, connection: Any, key: str) -> None:
        while not connection.can_read(MARGIN_SECONDS):
            self._node.execute("EXISTS", key)

    def begin(self, keys: Sequence[str], seconds: float) -> Asleep:
        """Wait for a token in a list of `keys`, `seconds` at most, without waiting here. Raises
        redis-py's errors."""
        client = self._node.client
        connected = self._idle_connections.take(client.connection_pool, TIMEOUT_SECONDS)
        connection = connected.connection
        try:
            if connection not in self._client_ids:
                connected.send(packed("CLIENT", "ID"))
                self._client_ids[connection] = connected.reply()
            connected.send(packed("BLPOP", *keys, max(0.001, seconds)))
        except BaseException as error:
            connection.disconnect()
            if isinstance(error, AWAY):
                self._node.leave(client)
            raise
        return Asleep(
            self._node,
            client,
            connected,
            self._client_ids[connection],
            self._idle_connections.give_back,
        )

    def close(self) -> None:
        """Close the idle connections."""
        self._idle_connections.close()


class Asleep:
    """A wait that has begun. `stop` and then `end` must be called: a token that came later would
    wake nobody."""

    def __init__(
        self,
        node: Node,
        client: redis.Redis,
        connected: Connection,
        client_id: int,
        give_back: Callable[[Connection], None],
    ) -> None:
        self._node = node
        self._client = client
        self._connected = connected
        self._client_id = client_id
        self._give_back = give_back
        self._stopping: Connection | None = None
        self._error: Exception | None = None

    @property
    def socket(self) -> Any:
        """The socket on which the answer comes."""
        return self._connected.connection._sock

    def has_answer(self) -> bool:
        """Whether the answer, or an error, is there. Raises nothing."""
        try:
            return bool(self._connected.connection.can_read(0))
        except (exceptions.RedisError, OSError):
            return True

    def stop(self) -> None:
        """Have the server end the wait, unless it has ended. Raises nothing."""
        if self.has_answer():
            return
        try:
            self._stopping = self._node.connected(self._client)
            self._stopping.send(packed("CLIENT", "UNBLOCK", self._client_id))
        except (exceptions.RedisError, OSError) as error:
            self._error = error

    def end(self) -> bytes | None:
        """The token; None if none has come. Raises redis-py's errors."""
        try:
            if not self._has_stopped():
                self._connected.connection.disconnect()
                return None
            popped = self._connected.reply()
        except BaseException as error:
            self._connected.connection.disconnect()
            if isinstance(error, AWAY):
                self._node.leave(self._client)
            raise
        self._give_back(self._connected)
        return popped[1] if popped else None

    def _has_stopped(self) -> bool:
        """Whether the server has ended the wait. Some users may not have it do that."""
        if self._error is not None:
            raise self._error
        if self._stopping is None:
            return True
        try:
            self._stopping.wait(answer_seconds())
            self._stopping.reply()
        except exceptions.ResponseError:
            self._node.give_back(self._stopping)
            return False
        except BaseException:
            self._stopping.connection.disconnect()
            raise
        self._node.give_back(self._stopping)
        return True

"""Sleeping until a token comes, exact to a millisecond."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from redis import exceptions

from .cluster import Node
from .connections import IdleConnections
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

    def close(self) -> None:
        """Close the idle connections."""
        self._idle_connections.close()

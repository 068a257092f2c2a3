"""Sleeping until a token comes, to the millisecond."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from redis import exceptions

from .connect import TIMEOUT_SECONDS
from .node import AWAY, Node
from .spare import Spare

MARGIN_SECONDS = 0.003
"""How much sooner the server's time is over than ours, so that it is when we ask."""


class Sleeper:
    """Waits for tokens. A server that nobody asks anything looks only ten times a second whether
    the time of a blocked client is over; so the time is kept here, and whatever is asked within
    `asleep` makes the server notice."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._spare = Spare()

    @contextmanager
    def asleep(self, keys: Sequence[str], seconds: float) -> Iterator[None]:
        """Enters when there was a token in a list of `keys`, or after `seconds`."""
        if seconds < 2 * MARGIN_SECONDS:
            time.sleep(seconds)
            yield
            return
        client = self._node.client
        connected = self._spare.take(client.connection_pool, TIMEOUT_SECONDS)
        connection = connected.connection
        try:
            connection.send_command("BLPOP", *keys, seconds - MARGIN_SECONDS, check_health=False)
            connection.can_read(seconds)
            yield
            while not connection.can_read(MARGIN_SECONDS):
                self._node.execute("EXISTS", keys[0])
            connection.read_response()
        except exceptions.MovedError:
            # What was asked meanwhile has found the way.
            connection.disconnect()
        except BaseException as error:
            connection.disconnect()
            if isinstance(error, AWAY):
                self._node.leave(client)
            raise
        else:
            self._spare.give_back(connected)

    def close(self) -> None:
        """Close what is idle."""
        self._spare.close()

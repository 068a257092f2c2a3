"""A settlement and a claim in one round trip, whose replies are read later.

Both commands go out together on a connection that is kept aside until their replies have been read.
The server runs the two scripts one after the other, while the worker runs jobs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import exceptions

from ...errors import UnknownWorker
from ...model import Claim, Outcome, Settlement
from ..control import Engine
from ..store import Pending
from .cluster import Node, answer_seconds
from .connections import Connection
from .lua import command
from .redis_errors import AWAY, LOGIN_REFUSED, translated
from .rows import claims, settle_arguments, settlements

NOT_RUN = (exceptions.ResponseError, *LOGIN_REFUSED)
"""What says that the server has not run a command. `settle` and `claim` know what to do then: to
follow a redirection, send the script's text, or log in again."""


class Ahead(Pending):
    """The answers of one request."""

    def __init__(
        self,
        engine: Engine,
        node: Node,
        prefix: str,
        worker: str,
        outcomes: Sequence[Outcome],
        queues: Sequence[str],
        limit: int,
    ) -> None:
        """Send the request."""
        self._engine = engine
        self._prefix = prefix
        self._worker = worker
        self._outcomes = outcomes
        self._queues = queues
        self._limit = limit
        commands = []
        if outcomes:
            settle = settle_arguments(worker, engine.retention, outcomes)
            commands.append(command("settle", prefix, *settle))
        if limit:
            commands.append(command("claim", prefix, worker, limit, 0, *queues))
        self._sent = _Sent(node, commands)

    def settlements(self) -> list[Settlement]:
        if not self._outcomes:
            return []
        try:
            reply = self._sent.reply()
        except NOT_RUN:
            return self._engine.settle(self._worker, self._outcomes)
        except (exceptions.RedisError, OSError) as error:
            raise translated(error, self._engine.name, self._prefix) from error
        answers = settlements(reply, self._outcomes)
        self._engine.drop_cancelled(self._outcomes, answers)
        return answers

    def claims(self) -> list[Claim]:
        if not self._limit:
            return []
        try:
            reply = self._sent.reply()
        except NOT_RUN:
            return self._engine.claim(self._worker, self._queues, self._limit)
        except (exceptions.RedisError, OSError) as error:
            raise translated(error, self._engine.name, self._prefix) from error
        if reply is None:
            raise UnknownWorker(f"{self._engine.name} knows no worker {self._worker!r}")
        return claims(reply)


class _Sent:
    """Commands that were sent to a node and whose replies are to be read. Once one of them cannot
    be read, all others raise the same error."""

    def __init__(self, node: Node, commands: Sequence[bytes]) -> None:
        self._node = node
        self._client = node.client
        self._unread = len(commands)
        self._connected: Connection | None = None
        self._error: BaseException | None = None
        try:
            self._connected = node.connected(self._client)
            self._connected.send(b"".join(commands))
        except (exceptions.RedisError, OSError) as error:
            self._fail(error)

    def reply(self) -> Any:
        """The next reply. Raises redis-py's errors."""
        if self._error is not None:
            raise self._error
        assert self._connected is not None, "all replies have been read"
        try:
            self._connected.wait(answer_seconds())
            reply = self._connected.reply()
        except exceptions.ResponseError:
            self._has_read()
            raise
        except BaseException as error:
            self._fail(error)
            raise
        self._has_read()
        return reply

    def _has_read(self) -> None:
        self._unread -= 1
        if not self._unread and self._connected is not None:
            self._node.give_back(self._connected)
            self._connected = None

    def _fail(self, error: BaseException) -> None:
        """Close the connection: it may still bring replies."""
        self._error = error
        if self._connected is not None:
            self._connected.connection.disconnect()
        if isinstance(error, AWAY):
            self._node.leave(self._client)

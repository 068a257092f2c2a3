"""What databases behind a network have in common: connections that break, and transactions."""

from __future__ import annotations

import math
import os
import select
import threading
import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from ...errors import LightjobsError, SchemaOutdated, StoreUnavailable
from .database import ConnectionLost, Database, Params, Row, TryAgain
from .queries import pyformat

CONNECT_SECONDS = 5
"""How long to wait for a connection before the server counts as away."""

LOCK_SECONDS = 10
"""How long a statement waits for another's lock before it is undone and tried again."""

_inherited: list[object] = []


class ReadOnly(StoreUnavailable):
    """The server takes no writes, as one that was the primary before a failover. A new connection
    may lead to another."""


class Held:
    """A thread's connection, the process that opened it, and whether a transaction is open."""

    def __init__(self, connection: Any, descriptor: int) -> None:
        self.connection = connection
        self.pid = os.getpid()
        self.inside = False
        self.poll = select.poll()
        self.poll.register(descriptor, select.POLLIN)


class Server(Database):
    """One connection for each thread, in autocommit mode; BEGIN and COMMIT are statements."""

    serves_at_once = True
    errors: ClassVar[tuple[type[Exception], ...]]
    """What its driver raises."""

    def __init__(self) -> None:
        self._local = threading.local()

    @abstractmethod
    def _open(self) -> Held:
        """A new connection, its session prepared."""

    @abstractmethod
    def _stale(self, held: Held) -> bool:
        """Whether a connection, unused for a while and with something to read, has ended."""

    @abstractmethod
    def _execute_on(self, held: Held, sql: str, params: Params | None) -> Any:
        """Run one statement and return the cursor."""

    @abstractmethod
    def _translated(self, error: Exception) -> LightjobsError:
        """The error of ours that stands for the driver's."""

    def rows(self, name: str, params: Params, where: str = "") -> list[Row]:
        return self._fetched(self.execute(pyformat(name, self.name, where), params))

    def run(self, name: str, params: Params, where: str = "") -> int:
        count: int = self.execute(pyformat(name, self.name, where), params).rowcount
        return count

    def ask(self, sql: str) -> list[Row]:
        """Run one statement that is no verb and return its rows."""
        return self._fetched(self.execute(sql))

    def _fetched(self, cursor: Any) -> list[Row]:
        return list(cursor.fetchall())

    def execute(self, sql: str, params: Params | None = None) -> Any:
        """Run one statement on this thread's connection and return its cursor."""
        with self._guarded() as held:
            return self._execute_on(held, sql, params)

    @contextmanager
    def bounded(self, deadline: float) -> Iterator[None]:
        local = self._local.__dict__
        local["deadline"] = deadline
        try:
            yield
        finally:
            del local["deadline"]
            if (held := local.get("held")) is not None:
                self._bound(held, math.inf)

    @abstractmethod
    def _bound(self, held: Held, deadline: float) -> None:
        """Give up what is asked on a connection and not answered by `deadline`."""

    def _opening_seconds(self) -> float:
        """How long a new connection may take."""
        deadline: float = self._local.__dict__.get("deadline", math.inf)
        return max(0.001, min(CONNECT_SECONDS, deadline - time.monotonic()))

    @contextmanager
    def _guarded(self) -> Iterator[Held]:
        """This thread's connection; what the driver raises inside is translated, and a connection
        of which nobody knows how it stands is given up."""
        held = self._held()
        if (deadline := self._local.__dict__.get("deadline")) is not None:
            self._bound(held, deadline)
        try:
            yield held
        except self.errors as error:
            translated = self._translated(error)
            if isinstance(translated, (ConnectionLost, ReadOnly)):
                self._give_up()
            raise translated from error
        except UnicodeEncodeError as error:
            raise LightjobsError(
                f"{self.label}: text with half a surrogate pair cannot be stored"
            ) from error
        except BaseException:
            # A signal's handler raised, and the answer is still under way.
            self._give_up()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._held().inside:
            yield
            return
        try:
            with self._guarded() as held:
                self._execute_on(held, "BEGIN", None)
        except ConnectionLost as error:
            raise TryAgain(str(error)) from error
        # This very connection, never asked for again: were it killed just now, the next one would
        # be in its place, in autocommit mode, and on MySQL two workers would claim the same jobs.
        held.inside = True
        committing = False
        try:
            yield
            committing = True
            self.execute("COMMIT")
        except ConnectionLost as error:
            if committing:
                raise
            raise TryAgain(str(error)) from error  # it went with its connection
        except BaseException:
            if self._local.__dict__.get("held") is held:
                self._roll_back(held)
            raise
        finally:
            held.inside = False

    def _roll_back(self, held: Held) -> None:
        try:
            self._execute_on(held, "ROLLBACK", None)
        except self.errors:
            self._give_up()

    def _held(self) -> Held:
        local = self._local.__dict__
        held: Held | None = local.get("held")
        if held is not None and held.pid != os.getpid():
            # After a fork: closing it would end the parent's session. Keep it, untouched.
            _inherited.append(local.pop("held"))
            held = None
        if held is not None and not held.inside and held.poll.poll(0) and self._stale(held):
            # The server has closed it meanwhile; nothing was asked yet, so nobody needs to know.
            self._give_up()
            held = None
        if held is None:
            try:
                held = self._open()
            except self.errors as error:
                translated = self._translated(error)
                if isinstance(translated, ConnectionLost):
                    raise StoreUnavailable(str(translated)) from error
                raise translated from error
            local["held"] = held
        return held

    def _give_up(self) -> None:
        held: Held | None = self._local.__dict__.pop("held", None)
        if held is not None:
            self._close(held)

    def close(self) -> None:
        held: Held | None = self._local.__dict__.pop("held", None)
        if held is not None and held.pid == os.getpid():
            self._close(held)

    @abstractmethod
    def _close(self, held: Held) -> None:
        """Close a connection, also a broken one."""

    def apply(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.execute(statement)

    def problems(self) -> list[str]:
        with self.transaction():
            self.rows("registered", {"worker": ""})  # locks rows: refused by a read-only server
        return []

    def _outdated(self, text: str) -> SchemaOutdated:
        return SchemaOutdated(
            f"the tables in {self.label} are missing or old ({text}): run `lightjobs migrate:up`"
        )

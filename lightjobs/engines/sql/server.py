"""What databases behind a network have in common: connections that break, and transactions."""

from __future__ import annotations

import math
import os
import select
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from ...errors import LightjobsError, LoginRefused, SchemaOutdated, StoreUnavailable
from ...settings.login import Login, LoginAgain, no_other
from .. import answer_limit
from ..delivery import FOREVER, ConnectionLost, Patience
from .database import Database, TryAgain
from .rows import Params, Row
from .statements import pyformat

CONNECT_SECONDS = 5
"""How long to wait for a new connection."""

LOCK_SECONDS = 5
"""How long a statement waits for another transaction's lock before it is undone and tried again."""

IDLE_SECONDS = 30
"""How long a transaction of ours may stand still before the server undoes it. A process that is
stopped, or a host that is gone, would otherwise keep jobs and workers locked."""

_inherited: list[object] = []


class ReadOnly(StoreUnavailable):
    """The server accepts no writes, for example because it was the primary before a failover. A
    new connection may lead to another server."""


class _KeyTaken(Exception):
    """Undoes a push of jobs whose keys were thought to be free: one of them has a row."""


class Session:
    """A thread's connection, the process that opened it, and whether a transaction is open."""

    def __init__(self, connection: Any, descriptor: int) -> None:
        self.connection = connection
        self.pid = os.getpid()
        self.inside = False
        self.poll = select.poll()
        self.poll.register(descriptor, select.POLLIN)


class Server(Database):
    """A database behind a network. Its connections are in autocommit mode; BEGIN and COMMIT are
    statements of their own."""

    serves_at_once = True
    errors: ClassVar[tuple[type[Exception], ...]]
    """The base classes of what its driver raises."""

    def __init__(self, login: Login) -> None:
        self._local = threading.local()
        self._login = login
        self.login_again: LoginAgain = no_other
        """Where to find another login when the server refuses this one."""

    @abstractmethod
    def _open(self, seconds: float) -> Session:
        """Open a connection within `seconds`, and prepare its session."""

    @abstractmethod
    def _stale(self, session: Session) -> bool:
        """Whether an idle connection with something to read was closed by the server."""

    @abstractmethod
    def _execute_on(self, session: Session, sql: str, params: Params | None) -> Any:
        """Run one statement and return the cursor."""

    def _begin_on(self, session: Session) -> None:
        """Begin a transaction."""
        self._execute_on(session, "BEGIN", None)

    def _roll_back_on(self, session: Session) -> None:
        """Undo a transaction."""
        self._execute_on(session, "ROLLBACK", None)

    def rows(self, name: str, params: Params, where: str = "") -> list[Row]:
        return self._fetched(self.execute(pyformat(name, self.dialect, where), params))

    def run(self, name: str, params: Params, where: str = "") -> int:
        count: int = self.execute(pyformat(name, self.dialect, where), params).rowcount
        return count

    def run_many(self, name: str, rows: Sequence[Params]) -> None:
        with self._guarded() as session:
            session.connection.cursor().executemany(pyformat(name, self.dialect), rows)

    def ask(self, sql: str) -> list[Row]:
        """Run a statement that is not a verb, and return its rows."""
        return self._fetched(self.execute(sql))

    def _fetched(self, cursor: Any) -> list[Row]:
        return list(cursor.fetchall())

    def execute(self, sql: str, params: Params | None = None, deadline: float = math.inf) -> Any:
        """Run one statement on this thread's connection and return its cursor. An answer that has
        not come by `deadline`, a monotonic time, counts as lost."""
        with self._guarded(deadline) as session:
            return self._execute_on(session, sql, params)

    @abstractmethod
    def _set_deadline(self, session: Session, deadline: float) -> None:
        """Let waiting on a connection end with an error of the driver at `deadline`."""

    @contextmanager
    def _guarded(self, deadline: float = math.inf) -> Iterator[Session]:
        """This thread's connection. Inside, the driver's errors are translated, waiting ends at
        `deadline` or at the thread's answer limit, and a connection in an unknown state is given
        up."""
        deadline = self._limited(deadline)
        session = self._session(deadline)
        if deadline < math.inf:
            self._set_deadline(session, deadline)
        try:
            yield session
        except self.errors as error:
            translated = self.translated(error)
            if isinstance(translated, (ConnectionLost, ReadOnly)):
                self._give_up()
            raise translated from error
        except UnicodeEncodeError as error:
            raise LightjobsError(
                f"{self.label}: text with half a surrogate pair cannot be stored"
            ) from error
        except BaseException:
            # A signal handler raised, and the answer has yet to come.
            self._give_up()
            raise
        finally:
            if deadline < math.inf:
                self._set_deadline(session, math.inf)

    def _limited(self, deadline: float) -> float:
        """`deadline`, or the end of this thread's answer limit if that is earlier."""
        return min(deadline, time.monotonic() + answer_limit.seconds())

    @contextmanager
    def transaction(self, patience: Patience = FOREVER) -> Iterator[None]:
        if self._session(self._limited(patience.deadline)).inside:
            yield
            return
        try:
            with self._guarded(patience.deadline) as session:
                self._begin_on(session)
            patience.answered()
        except ConnectionLost as error:
            raise TryAgain(str(error)) from error
        # Mark this very connection, without calling _session() again: if it was killed just now,
        # that would return a new one in autocommit mode, and on MySQL two workers would claim the
        # same jobs.
        session.inside = True
        committing = False
        try:
            yield
            committing = True
            self.execute("COMMIT", deadline=patience.deadline)
        except ConnectionLost as error:
            if committing:
                raise
            raise TryAgain(str(error)) from error  # the server undoes it with its connection
        except BaseException:
            if self._local.__dict__.get("session") is session:
                self._roll_back(session, patience.deadline)
            raise
        finally:
            session.inside = False

    @contextmanager
    def _inserting(self, patience: Patience) -> Iterator[tuple[Any, Callable[[], None]]]:
        """A transaction of several statements: the driver's connection, and what to call after each
        answer, so that the next one has its own time."""
        with self.transaction(patience), self._guarded(patience.deadline) as session:

            def answered() -> None:
                patience.answered()
                self._set_deadline(session, self._limited(patience.deadline))

            yield session.connection, answered

    def _insert_unique(
        self, patience: Patience, insert: Callable[[Any, Callable[[], None]], Sequence[int]]
    ) -> Sequence[int]:
        """See `push_unique`. `insert` gets what `_inserting` yields, and returns the ids, or none
        if a key has a row: then what it did is undone."""
        with suppress(_KeyTaken), self.transaction(patience):
            with self._inserting(patience) as (connection, answered):
                ids = insert(connection, answered)
            if not ids:
                raise _KeyTaken  # not inside: it would cost the connection
            return ids
        return ()

    def _roll_back(self, session: Session, deadline: float) -> None:
        self._set_deadline(session, self._limited(deadline))
        try:
            self._roll_back_on(session)
        except self.errors:
            self._give_up()
        finally:
            self._set_deadline(session, math.inf)

    def _session(self, deadline: float = math.inf) -> Session:
        local = self._local.__dict__
        session: Session | None = local.get("session")
        if session is not None and session.pid != os.getpid():
            # After a fork: closing it would end the parent's session. Keep it, unused.
            _inherited.append(local.pop("session"))
            session = None
        if session is not None and not session.inside and self._has_ended(session):
            # The server has closed it. Nothing had been sent, so a new connection will do.
            self._give_up()
            session = None
        if session is None:
            session = self._connected(deadline)
            local["session"] = session
        return session

    def _connected(self, deadline: float) -> Session:
        """A new connection. If the login is refused, the settings may have another one by now."""
        login = self._login
        try:
            seconds = min(CONNECT_SECONDS, deadline - time.monotonic())
            return self._open(max(0.001, seconds))
        except self.errors as error:
            translated = self.translated(error)
            if isinstance(translated, ConnectionLost):
                raise StoreUnavailable(str(translated)) from error
            other = self.login_again(login) if isinstance(translated, LoginRefused) else None
            if other is None:
                raise translated from error
        self._login = other
        return self._connected(deadline)

    def _has_ended(self, session: Session) -> bool:
        return bool(session.poll.poll(0)) and self._stale(session)

    def _give_up(self) -> None:
        session: Session | None = self._local.__dict__.pop("session", None)
        if session is not None:
            self._close(session)

    def close(self) -> None:
        session: Session | None = self._local.__dict__.pop("session", None)
        if session is not None and session.pid == os.getpid():
            self._close(session)

    @abstractmethod
    def _close(self, session: Session) -> None:
        """Close a connection, even a broken one."""

    def apply(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.execute(statement)

    def problems(self) -> list[str]:
        with self.transaction():
            self.rows("registered", {"worker": ""})  # locks rows, which a read-only server refuses
        return []

    def _read_only(self) -> ReadOnly:
        """The error for a server that answers, but accepts no writes. Only a look sees that: where
        nothing is due, nothing is written. The next connection may lead to the new primary."""
        self._give_up()
        return ReadOnly(f"{self.label}: the server is read-only")

    def columns_apart(self) -> set[str]:
        with suppress(LightjobsError, *self.errors):
            session = self._open(CONNECT_SECONDS)
            try:
                cursor = self._execute_on(session, pyformat("columns", self.dialect), {})
                return {column for (column,) in cursor.fetchall()}
            finally:
                self._close(session)
        return set()

    def _error(self, kind: type[LightjobsError], text: str) -> LightjobsError:
        """The error of class `kind` for what the server or its driver says."""
        if kind is SchemaOutdated:
            return self.outdated(text)
        if kind is LoginRefused:
            text = f"authentication failed: {text}; check DB_USER and DB_PSWD"
        return kind(f"{self.label}: {text}")

"""PostgreSQL's connections: waiting, notifications, and what our statements need set.

A connection pooler such as PgBouncer gives a client one of the server's connections for each
transaction. What is set for longer than a transaction would then stay on a connection that belongs
to others next, and would be missing on ours. So behind a pooler each statement runs in a
transaction, everything is set for that transaction only, and nothing is prepared or listened to.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from contextlib import nullcontext
from typing import Any, TypeVar

import psycopg
from psycopg.pq.abc import PGresult

from .postgres_dialect import LenientLoader
from .postgres_prepared import Prepared
from .rows import Params
from .server import IDLE_SECONDS, LOCK_SECONDS, Session

# A claim must read its index in order; a scan would read every waiting job. The planner is not left
# to choose: the statistics of a table that changes this fast are always out of date.
_NEEDED = {
    "TimeZone": "UTC",
    "DateStyle": "ISO",
    "client_encoding": "UTF8",
    "default_transaction_isolation": "read committed",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "statement_timeout": "0",
    "extra_float_digits": "1",
    "enable_indexscan": "on",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "plan_cache_mode": "auto",
    "jit": "off",
}
"""What our statements need, whatever a role, a database or the server has as its default.

Left alone: `search_path`, which chooses the schema of the tables; `synchronous_commit`, which says
how durable the server is; `default_transaction_read_only`, which makes a database read-only; and
what our statements do not depend on, such as `standard_conforming_strings`, `bytea_output` and
`IntervalStyle`."""

_NEEDED_SINCE = {170000: {"transaction_timeout": "0"}}

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"

_T = TypeVar("_T")


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that stops waiting at a deadline. TCP does not notice when the server's process
    hangs."""

    deadline = math.inf

    def __del__(self, __warn: Any = None) -> None:
        """A thread's connection is closed with the thread: psycopg need not warn of that."""

    def wait(self, gen: Generator[Any, Any, _T], *arguments: Any, **keywords: Any) -> _T:
        if self.deadline < math.inf:
            gen = self._until_deadline(gen)
        return super().wait(gen, *arguments, **keywords)

    def _until_deadline(self, gen: Generator[Any, Any, _T]) -> Generator[Any, Any, _T]:
        """Pass on what `gen` waits for and what becomes ready; at least ten times a second psycopg
        calls back with nothing ready, which is when to look at the time."""
        ready: Any = None
        while True:
            try:
                wanted = gen.send(ready)
            except StopIteration as end:
                result: _T = end.value
                return result
            ready = yield wanted
            if not ready and time.monotonic() > self.deadline:
                raise psycopg.OperationalError("the server has not answered in time")


class PostgresSession(Session):
    """A connection with all that our statements need set: for as long as it lasts or, behind a
    pooler, for each transaction."""

    def __init__(self, connection: Connection, pooler: str | None) -> None:
        super().__init__(connection, connection.fileno())
        self.is_pooled = self._prepare(connection, pooler)
        if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
            for name in ("text", "varchar"):
                connection.adapters.register_loader(name, LenientLoader)
        self.listening = False
        self.queues: frozenset[str] = frozenset()
        self.notified = 0
        self.ended = False
        self._prepared = Prepared(connection)
        connection.add_notify_handler(lambda notify: self._count(notify.payload))
        connection.add_notice_handler(self._hear)

    def _prepare(self, connection: Connection, pooler: str | None) -> bool:
        """Whether transactions of this connection may run on different ones of the server.
        `pooler` is the setting: "transaction", "session", or None to find out. A server names its
        process at the login; a pooler has none then, and names a random number."""
        own = "pg_backend_pid() = " + str(connection.info.backend_pid)
        is_own = {None: own, "session": "true", "transaction": "false"}[pooler]
        self._set_local = _set(connection, "true")
        cursor = connection.execute(f"{_set(connection, f'NOT ({is_own})')}, {is_own}")
        if cursor.fetchall()[0][-1]:
            return False
        connection.prepare_threshold = None
        connection.execute("BEGIN")  # alone, as PgBouncer's statement mode refuses it
        connection.execute("ROLLBACK")
        return True

    def begin(self) -> None:
        """Begin a transaction."""
        if self.is_pooled:
            self.connection.execute(f"{_BEGIN}; {self._set_local}")
        else:
            self.connection.execute("BEGIN")

    def roll_back(self) -> None:
        """Undo the transaction that is open."""
        self._prepared.roll_back()

    def execute(self, sql: str, params: Params | None) -> Any:
        """Run one statement and return its cursor."""
        if self.is_pooled and not self.inside:
            return self.execute_and_commit(sql, params, (_BEGIN, self._set_local))
        return self.connection.execute(sql, params)

    def execute_often(self, sql: str, params: Params) -> PGresult:
        """Run a statement that is worth preparing, with parameters named `:so`, and return its
        result. Not behind a pooler, except in a transaction."""
        result = self._prepared.execute(sql, params)
        if self.listening:
            self._take_notifications()
        return result

    def execute_and_commit(
        self, sql: str, params: Params | None, before: Sequence[str] = ()
    ) -> Any:
        """Run the last statement of a transaction and commit it, after the statements `before`, in
        one round trip if libpq can send several. Returns the cursor; after an error, the
        transaction is rolled back."""
        connection = self.connection
        failed: psycopg.Error | None = None
        try:
            with connection.pipeline() if psycopg.Pipeline.is_supported() else nullcontext():
                try:
                    for statement in before:
                        connection.execute(statement)
                    cursor = connection.execute(sql, params)
                    connection.execute("COMMIT")
                except psycopg.Error as error:
                    failed = error  # raised from here, it would have psycopg log another one
        except psycopg.Error as error:
            failed = failed or error
        if failed is None:
            return cursor
        if not connection.closed:
            connection.execute("ROLLBACK")
        raise failed

    def _count(self, queue: str) -> None:
        self.notified += queue in self.queues

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        # The reason why an idle session ends comes as a notice, before the end itself.
        self.ended |= notice.severity_nonlocalized in ("FATAL", "PANIC")

    def consume(self) -> None:
        """Read what the server has sent by itself. Raises psycopg.Error when it has hung up."""
        self.connection.pgconn.consume_input()
        self._take_notifications()

    def _take_notifications(self) -> None:
        while (notify := self.connection.pgconn.notifies()) is not None:
            self._count(notify.extra.decode())


def _set(connection: Connection, is_local: str) -> str:
    """The SELECT that sets what is needed. `is_local` is an SQL condition: whether it is to hold
    until the end of the transaction only."""
    needed = _NEEDED | {"idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s"}
    for version, more in _NEEDED_SINCE.items():
        if connection.info.server_version >= version:
            needed |= more
    calls = (f"set_config('{name}', '{value}', {is_local})" for name, value in needed.items())
    return f"SELECT {', '.join(calls)}"

"""PostgreSQL 13 or later, through psycopg 3."""

from __future__ import annotations

import math
import random
import ssl
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from operator import itemgetter
from typing import Any, TypeVar

import psycopg

from ...errors import LightjobsError, StoreUnavailable
from ...model import PRIORITIES
from ...settings.database_settings import DatabaseSettings
from ..delivery import ConnectionLost, Refused
from .callers.postgres import PostgresCallerConnection
from .database import NotAllowed, TryAgain
from .postgres_dialect import POSTGRES, adapters, insert_jobs
from .rows import Params, Row
from .server import IDLE_SECONDS, LOCK_SECONDS, ReadOnly, Server, Session
from .statements import pyformat

LEAST_VERSION = 130000

POLL_SECONDS = 0.1
"""How often an idle worker looks for jobs that come without a NOTIFY: from PHP or a recovery."""

VACUUM_SECONDS = 1
"""How long a vacuum may take (a million dead rows take 0.6 s): the process that runs it also renews
leases and looks after its children."""

MIGRATION_LOCK = 5_403_217_881_266
"""The number of the advisory lock that is held to change the schema."""

_HIGHEST_FIRST = sorted(PRIORITIES.values(), reverse=True)
_REFUSED = ("authentication failed", "no pg_hba.conf entry", "does not exist")
"""What the server says to refuse a login or a database's name; libpq does not pass on its code."""

_TLS = {"off": "disable", "on": "require", "verify-ca": "verify-ca", "verify": "verify-full"}

# A claim must read its index in order; a scan would read every waiting job. The planner is not left
# to choose: the statistics of a table that changes this fast are always out of date.
_SESSION = f"""
SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET client_encoding = 'UTF8';
SET default_transaction_isolation = 'read committed';
SET lock_timeout = '{LOCK_SECONDS}s';
SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s';
SET statement_timeout = 0; SET extra_float_digits = 1; SET enable_indexscan = on;
SET enable_seqscan = off; SET enable_bitmapscan = off;
SET jit = off
"""

_by_claim_order = itemgetter(slice(9, 14))
_T = TypeVar("_T")


class TooLong(StoreUnavailable):
    """A statement was stopped, by its time limit or by an administrator."""


class _Connection(psycopg.Connection[tuple[Any, ...]]):
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


class _ListeningSession(Session):
    """A connection that counts the notifications for its queues."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        super().__init__(connection, connection.fileno())
        self.listening = False
        self.queues: frozenset[str] = frozenset()
        self.notified = 0
        self.ended = False
        connection.add_notify_handler(lambda notify: self._count(notify.payload))
        connection.add_notice_handler(self._hear)

    def _count(self, queue: str) -> None:
        self.notified += queue in self.queues

    def _hear(self, notice: psycopg.errors.Diagnostic) -> None:
        # The reason why an idle session ends comes as a notice, before the end itself.
        self.ended |= notice.severity_nonlocalized in ("FATAL", "PANIC")

    def consume(self) -> None:
        """Read what the server has sent by itself. Raises psycopg.Error when it has hung up."""
        self.connection.pgconn.consume_input()
        while (notify := self.connection.pgconn.notifies()) is not None:
            self._count(notify.extra.decode())


class Postgres(Server):
    """A PostgreSQL database."""

    dialect = POSTGRES
    errors = (psycopg.Error,)
    driver = psycopg.Connection

    def __init__(self, settings: DatabaseSettings) -> None:
        super().__init__()
        self._options: dict[str, Any] = {
            "host": settings.host,
            "port": settings.port or 5432,
            "dbname": settings.name,
            "user": settings.user,
            "password": settings.password,
            "sslmode": _TLS.get(settings.tls or ""),
            "sslrootcert": settings.tls_ca or _authorities(settings.tls),
            "sslcert": settings.tls_cert,
            "sslkey": settings.tls_key,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "tcp_user_timeout": 15_000,
            "application_name": "lightjobs",
        }
        self.label = f"PostgreSQL database {settings.name}"

    def _open(self, seconds: float) -> _ListeningSession:
        given = {key: value for key, value in self._options.items() if value is not None}
        # libpq counts in whole seconds, and treats 1 as 2.
        whole = math.ceil(seconds)
        connection = _Connection.connect(
            autocommit=True, context=adapters, connect_timeout=whole, **given
        )
        try:
            version = connection.info.server_version
            if version < LEAST_VERSION:
                raise LightjobsError(
                    f"{self.label}: the server is PostgreSQL {version // 10000}; "
                    f"lightjobs needs {LEAST_VERSION // 10000} or later"
                )
            connection.deadline = time.monotonic() + seconds
            connection.execute(_SESSION)
        except BaseException:
            connection.close()
            raise
        connection.deadline = math.inf
        return _ListeningSession(connection)

    def _set_deadline(self, session: Session, deadline: float) -> None:
        session.connection.deadline = deadline

    def _stale(self, session: Session) -> bool:
        assert isinstance(session, _ListeningSession)
        try:
            session.consume()
        except psycopg.Error:
            return True
        return session.ended or bool(session.connection.closed)

    def _close(self, session: Session) -> None:
        with suppress(psycopg.Error):
            session.connection.close()

    def _execute_on(self, session: Session, sql: str, params: Params | None) -> Any:
        return session.connection.execute(sql, params)

    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Row]:
        rows = self.rows("claim", {"worker": worker, "limit": limit, **_places(queues)})
        if not rows and not self.rows("known", {"worker": worker}):
            raise self.unknown(worker)
        rows.sort(key=_by_claim_order)  # RETURNING has no order of its own
        return rows

    def push(self, rows: Sequence[Params], deadline: float = math.inf) -> list[int]:
        if len(rows) == 1:
            cursor = self.execute(pyformat("push", POSTGRES), rows[0], deadline)
            return [cursor.fetchall()[0][0]]
        with self.transaction(deadline), self._guarded(deadline) as session:
            return insert_jobs(session.connection.cursor(), rows)

    def caller(self, connection: Any) -> PostgresCallerConnection:
        return PostgresCallerConnection(connection, self._translated)

    def due_in(self, queues: Sequence[str]) -> float | None:
        ((seconds,),) = self.rows("due", _places(queues))
        return None if seconds is None else float(seconds)

    def changes(self, queues: Sequence[str]) -> int:
        session = self._session()
        assert isinstance(session, _ListeningSession)
        if not session.listening:
            self.execute("LISTEN lightjobs")
            session.listening = True
        session.queues = frozenset(queues)
        return session.notified

    def pause(self, seen: int, queues: Sequence[str], seconds: float) -> bool:
        with self._guarded() as session:
            assert isinstance(session, _ListeningSession)
            if session.notified == seen:
                seconds = min(seconds, POLL_SECONDS * random.uniform(0.8, 1.2))
                if session.poll.poll(max(1, int(seconds * 1000))):
                    session.consume()
            return session.notified != seen

    def tidy(self) -> None:
        """Autovacuum looks once a minute; in that time a fast queue grows by 300 MB."""
        if not self.rows("dead", {}):
            return
        self.execute(f"SET statement_timeout = '{VACUUM_SECONDS}s'")
        try:
            with suppress(TryAgain, TooLong):
                self.run("vacuum", {})
        finally:
            self.execute("SET statement_timeout = 0")

    def applied(self) -> dict[str, str]:
        if self.ask("SELECT to_regclass('job_migrations')") == [(None,)]:
            return {}
        return dict(self.ask("SELECT name, applied_at FROM job_migrations"))

    @contextmanager
    def migrating(self) -> Iterator[None]:
        with self.transaction():
            self.execute("SET LOCAL lock_timeout = 0")
            self.execute(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            # A statement that waits for a table's lock makes all those after it wait, too.
            self.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            yield

    def _translated(self, error: Exception) -> LightjobsError:
        assert isinstance(error, psycopg.Error)
        state = error.sqlstate or ""
        # Without the details, which quote the row.
        text = error.diag.message_primary or str(error).strip().partition("\n")[0]
        message = f"{self.label}: {text}"
        if state in ("42P01", "42703"):
            return self._outdated(text)
        if state in ("40P01", "40001", "55P03"):
            return TryAgain(message)
        if state == "57014":
            return TooLong(message)
        if state == "42501":
            return NotAllowed(message)
        if state == "25006":
            return ReadOnly(message)
        if not state and any(words in text for words in _REFUSED):
            return Refused(message)
        if state == "25P03":  # our transaction stood still for too long
            return ConnectionLost(message)
        if not state or state.startswith(("08", "57P")):
            lost = isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))
            return ConnectionLost(message) if lost else LightjobsError(message)
        if state.startswith(("53", "57", "58", "XX")):
            return StoreUnavailable(message)
        return LightjobsError(message)


def _authorities(tls: str | None) -> str | None:
    """The system's file of authorities: by itself libpq looks only in the user's home."""
    verifies = tls in ("verify-ca", "verify")
    return ssl.get_default_verify_paths().cafile if verifies else None


def _places(queues: Sequence[str]) -> dict[str, list[Any]]:
    """Each queue with each priority, in the order to serve, as two arrays of equal length."""
    return {
        "queues": [queue for queue in queues for _ in _HIGHEST_FIRST],
        "priorities": _HIGHEST_FIRST * len(queues),
    }

"""PostgreSQL 13 or later, through psycopg 3."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.pq.abc import PGresult

from ...errors import LightjobsError
from ...settings.database_settings import DatabaseSettings
from ...settings.login import Login
from ..delivery import FOREVER, ConnectionLost, Patience, Unsent
from .callers.async_postgres import ASYNC_POSTGRES
from .callers.postgres import PostgresCallerConnection
from .database import TryAgain
from .dialect import with_tables
from .groups import due_in
from .postgres_claims import PostgresClaiming, PostgresClaims
from .postgres_dialect import POSTGRES, adapters, insert_jobs, insert_unique
from .postgres_errors import StatementPooling, TooLong, kind_of, text_of
from .postgres_options import libpq_options
from .postgres_prepared import loaded
from .postgres_session import Connection, PostgresSession
from .rows import Params, Row, inserting
from .server import LOCK_SECONDS, Server, Session
from .statements import placed, pyformat, query

LEAST_VERSION = 130000

POLL_SECONDS = 0.1
"""How often an idle worker looks for jobs that come without a NOTIFY: from PHP or a recovery."""

VACUUM_SECONDS = 1
"""How long a vacuum may take (a million dead rows take 0.6 s): the process that runs it also renews
leases and looks after its children."""

MIGRATION_LOCK = 5_403_217_881_266
"""The number of the advisory lock that is held to change the schema."""

# FROM pg_class, because to_regclass alone may answer as it did before this session waited for the
# lock: only locking a table, if but a catalog, makes a session notice that others made tables.
_HAS_MIGRATIONS = "SELECT 1 FROM pg_class WHERE oid = to_regclass('{job_migrations}')"


class Postgres(Server):
    """A PostgreSQL database."""

    errors = (psycopg.Error,)
    driver = psycopg.Connection
    asynchronous = ASYNC_POSTGRES

    def __init__(self, settings: DatabaseSettings) -> None:
        super().__init__(Login(settings.user, settings.password))
        self.dialect = with_tables(POSTGRES, settings.schema, settings.table_prefix)
        self._options = libpq_options(settings)
        self._claims = PostgresClaims(self)
        self._pooler = settings.pooler
        self._schema = settings.schema
        self._hosts = settings.host.count(",") + 1
        self.label = f"PostgreSQL database {settings.name}"

    def _open(self, seconds: float) -> PostgresSession:
        login = {"user": self._login.user, "password": self._login.password}
        options = {**self._options, **login}
        given = {key: value for key, value in options.items() if value is not None}
        # libpq counts in whole seconds, for each host anew, and treats 1 as 2.
        whole = math.ceil(seconds / self._hosts)
        connection = Connection.connect(
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
            session = PostgresSession(connection, self._pooler)
        except BaseException:
            connection.close()
            raise
        connection.deadline = math.inf
        return session

    def _set_deadline(self, session: Session, deadline: float) -> None:
        session.connection.deadline = deadline

    def _stale(self, session: Session) -> bool:
        assert isinstance(session, PostgresSession)
        try:
            session.consume()
        except psycopg.Error:
            return True
        return session.ended or bool(session.connection.closed)

    def _close(self, session: Session) -> None:
        with suppress(psycopg.Error):
            session.connection.close()

    def _execute_on(self, session: Session, sql: str, params: Params | None) -> Any:
        assert isinstance(session, PostgresSession)
        return session.execute(sql, params)

    def _begin_on(self, session: Session) -> None:
        assert isinstance(session, PostgresSession)
        session.begin()

    def _roll_back_on(self, session: Session) -> None:
        assert isinstance(session, PostgresSession)
        session.roll_back()

    def _own(self, deadline: float = math.inf) -> PostgresSession:
        session = self._session(deadline)
        assert isinstance(session, PostgresSession)
        return session

    def run(self, name: str, params: Params, where: str = "") -> int:
        result = self._often(name, params, where) if name.startswith("settle_") else None
        return super().run(name, params, where) if result is None else result.command_tuples or 0

    def rows(self, name: str, params: Params, where: str = "") -> list[Row]:
        # A settlement asks for it twice.
        result = self._often(name, params, where) if name == "batch_state" else None
        return super().rows(name, params, where) if result is None else loaded(result)

    def _often(self, name: str, params: Params, where: str) -> PGresult | None:
        """Run a statement that is worth preparing; None behind a pooler, where none is."""
        with self._guarded() as session:
            assert isinstance(session, PostgresSession)
            if session.is_pooled:
                return None
            return session.execute_often(query(name, self.dialect, where), params)

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str]
    ) -> list[Row]:
        return self._claims.claim(worker, queues, limit, skip)

    def push(self, rows: Sequence[Params], patience: Patience = FOREVER) -> list[int]:
        if len(rows) > 1:
            with self._inserting(patience) as (connection, answered):
                return insert_jobs(connection.cursor(), self.dialect, rows, answered)
        with self._guarded(patience.deadline) as session:
            assert isinstance(session, PostgresSession)
            name = inserting(rows)
            if session.is_pooled and not session.inside:
                return [self._push_pooled(session, name, rows[0], patience)[0][0]]
            if session.is_pooled:
                return [session.execute(pyformat(name, self.dialect), rows[0]).fetchall()[0][0]]
            number = session.execute_often(query(name, self.dialect), rows[0]).get_value(0, 0)
            assert number is not None
            return [int(number)]

    def push_unique(self, rows: Sequence[Params], patience: Patience = FOREVER) -> Sequence[int]:
        if len(rows) > 1:
            return self._insert_unique(
                patience,
                lambda connection, answered: insert_unique(
                    connection.cursor(), self.dialect, rows, answered
                ),
            )
        with self._guarded(patience.deadline) as session:
            assert isinstance(session, PostgresSession)
            if session.is_pooled:
                found = self._push_pooled(session, "push_unique", rows[0], patience)
                return [number for number, _notified in found]
            result = session.execute_often(query("push_unique", self.dialect), rows[0])
            return [int(result.get_value(0, 0) or 0)] if result.ntuples else []

    def _push_pooled(
        self, session: PostgresSession, name: str, row: Params, patience: Patience
    ) -> list[Row]:
        """Push behind a pooler. The BEGIN, in a round trip of its own, waits until a connection of
        the pool is free: if that takes too long, no job has been sent, and there is no doubt that
        it is not stored."""
        try:
            session.begin()
        except psycopg.Error as error:
            translated = self.translated(error)
            if isinstance(translated, ConnectionLost):
                raise Unsent(str(translated)) from error
            raise
        patience.answered()
        self._set_deadline(session, self._limited(patience.deadline))
        cursor = session.execute_and_commit(pyformat(name, self.dialect), row)
        found: list[Row] = cursor.fetchall()
        return found

    def caller(self, connection: Any) -> PostgresCallerConnection:
        return PostgresCallerConnection(connection, self.dialect, self.translated)

    def due_in(self, queues: Sequence[str]) -> tuple[float, int]:
        params = {"queues": list(queues)}
        ((seconds, places, read_only, is_grouped),) = self.rows("due", params)
        if read_only:
            raise self._read_only()
        due = math.inf if seconds is None else float(seconds)
        if not is_grouped or due <= 0:
            return due, places
        grouped, cost = due_in(PostgresClaiming(self), self.rows("group_due", params))
        return min(due, grouped), places + cost

    def changes(self, queues: Sequence[str]) -> int:
        session = self._own()
        if not session.listening and not session.is_pooled:
            self.execute("LISTEN lightjobs")
            session.listening = True
        session.queues = frozenset(queues)
        return session.notified

    def pause(self, seen: int, queues: Sequence[str], seconds: float) -> bool:
        with self._guarded() as session:
            assert isinstance(session, PostgresSession)
            if session.notified == seen:
                seconds = min(seconds, POLL_SECONDS * random.uniform(0.8, 1.2))
                if session.poll.poll(max(1, int(seconds * 1000))):
                    session.consume()
            return session.notified != seen

    def tidy(self) -> None:
        """Autovacuum looks once a minute; in that time a fast queue grows by 300 MB."""
        if not self.rows("dead", {}):
            return
        if self._own().is_pooled:
            self._vacuum_pooled()
            return
        self.execute(f"SET statement_timeout = '{VACUUM_SECONDS}s'")
        try:
            with suppress(TryAgain, TooLong):
                self.run("vacuum", {})
        finally:
            self.execute("SET statement_timeout = 0")

    def _vacuum_pooled(self) -> None:
        """A vacuum runs outside transactions, where no time limit can be set: when its time is up
        the connection is given up, and the server ends the vacuum by itself."""
        deadline = time.monotonic() + VACUUM_SECONDS
        with suppress(TryAgain, TooLong, ConnectionLost), self._guarded(deadline) as session:
            session.connection.execute(query("vacuum", self.dialect))

    def applied(self) -> dict[str, str]:
        if not self.ask(placed(_HAS_MIGRATIONS, self.dialect)):
            return {}
        return dict(self.ask(placed("SELECT name, applied_at FROM {job_migrations}", self.dialect)))

    def preparation(self) -> str:
        # Asked first, because even IF NOT EXISTS needs the right to create schemas.
        find = "SELECT 1 FROM pg_namespace WHERE nspname = %(name)s"
        if self._schema is None or self.execute(find, {"name": self._schema}).fetchall():
            return ""
        return f'CREATE SCHEMA IF NOT EXISTS "{self._schema}";\n'

    @contextmanager
    def migrating(self) -> Iterator[None]:
        with self.transaction():
            self.execute("SET LOCAL lock_timeout = 0")
            self.execute(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            # A statement that waits for a table's lock makes all those after it wait, too.
            self.execute(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
            yield

    def warnings(self) -> list[str]:
        if not self._own().is_pooled:
            return []
        return [
            f"{self.label}: behind a connection pooler in transaction mode (DB_POOLER): idle "
            f"workers ask for jobs every {POLL_SECONDS:g} s, as they cannot be notified"
        ]

    def translated(self, error: Exception) -> LightjobsError:
        assert isinstance(error, psycopg.Error)
        kind, text = kind_of(error), text_of(error)
        if kind is StatementPooling:
            text = (
                "the pool_mode of the connection pooler is statement, which has no transactions; "
                "allowed: transaction, session"
            )
        return self._error(kind, text)

"""SQLite: connections, transactions and errors. One file in WAL mode, any number of processes."""

from __future__ import annotations

import json
import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from ...errors import LightjobsError, SchemaOutdated, StoreUnavailable
from ...settings.database_settings import DatabaseSettings
from .. import answer_limit
from ..delivery import FOREVER, Patience
from .callers.async_sqlite import ASYNC_SQLITE
from .callers.sqlite import SqliteCallerConnection
from .database import Database, TryAgain
from .dialect import with_tables
from .file_watch import Watch
from .groups import Turns, due_in
from .rows import Params, Row
from .sqlite_claims import SqliteClaiming, claim
from .sqlite_dialect import SQLITE, clock, insert_jobs, insert_unique
from .sqlite_errors import kind_of
from .sqlite_turns import TURN, looking
from .sqlite_wal import set_wal
from .statements import placed, query

BUSY_SECONDS = 10.0
"""How long a statement waits for another process's transaction."""

LEAST_VERSION = (3, 35, 0)  # RETURNING

_HAS_MIGRATIONS = "SELECT 1 FROM sqlite_master WHERE name = '{job_migrations}'"
_inherited: list[object] = []


class Undecodable(TryAgain):
    """A row holds bytes that are not UTF-8. The connection decodes leniently from now on: the next
    attempt returns them as lone surrogates, which fails that job and no other."""


class Sqlite(Database):
    """One SQLite file."""

    driver = sqlite3.Connection
    asynchronous = ASYNC_SQLITE

    def __init__(self, settings: DatabaseSettings) -> None:
        if sqlite3.sqlite_version_info < LEAST_VERSION:
            raise LightjobsError(
                f"SQLite is {sqlite3.sqlite_version}; lightjobs needs 3.35 or later"
            )
        self.dialect = with_tables(SQLITE, None, settings.table_prefix)
        # Absolute: a long-running process may change its folder.
        self.path = Path(settings.name).absolute()
        self.label = self.path.name
        self._synchronous = settings.synchronous
        self._local = threading.local()
        self._turns = Turns()

    def rows(self, name: str, params: Params, where: str = "") -> list[Row]:
        return self.ask(query(name, self.dialect, where), {**params, **clock()})

    def run(self, name: str, params: Params, where: str = "") -> int:
        with self._turn():
            try:
                sql = query(name, self.dialect, where)
                return self._connection().execute(sql, {**params, **clock()}).rowcount
            except sqlite3.Error as error:
                raise self.translated(error) from error

    def ask(self, sql: str, params: Params | tuple[()] = ()) -> list[Row]:
        """Run a statement that is not a verb, and return its rows."""
        with self._turn():
            return self._fetched(sql, params)

    def look(self, name: str, params: Params, where: str = "") -> list[Row]:
        with looking():
            return self._fetched(query(name, self.dialect, where), {**params, **clock()})

    def rows_outside(self, name: str, params: Params) -> list[Row]:
        # Without `_turn`: a thread that holds it may be waiting, for ten seconds, for the file's
        # write lock, which this thread's other connection has. A reader needs no lock.
        return self._fetched(query(name, self.dialect), {**params, **clock()})

    def _fetched(self, sql: str, params: Params | tuple[()]) -> list[Row]:
        try:
            return self._connection().execute(sql, params).fetchall()
        except sqlite3.Error as error:
            raise self.translated(error) from error

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str]
    ) -> list[Row]:
        return claim(self, self._turns, worker, queues, limit, skip)

    def push(self, rows: Sequence[Params], patience: Patience = FOREVER) -> range:
        seconds, tenths = _waiting(patience)
        with self._turn(seconds):
            try:
                return insert_jobs(self._connection(tenths=tenths).cursor(), rows)
            except sqlite3.Error as error:
                raise self.translated(error) from error

    def push_unique(self, rows: Sequence[Params], patience: Patience = FOREVER) -> range:
        seconds, tenths = _waiting(patience)
        with self._turn(seconds):
            try:
                return insert_unique(self._connection(tenths=tenths), rows, self.dialect)
            except sqlite3.Error as error:
                raise self.translated(error) from error

    @contextmanager
    def _turn(self, seconds: float = math.inf) -> Iterator[None]:
        """Hold the lock of this process's threads, which is waited for no longer than `seconds`
        and no longer than this thread's answer limit."""
        seconds = min(seconds, answer_limit.seconds())
        if not TURN.acquire(True, -1 if seconds == math.inf else seconds):
            raise StoreUnavailable(
                f"SQLite database {self.path.name}: other threads of this process wait"
            )
        try:
            yield
        finally:
            TURN.release()

    def caller(self, connection: Any) -> SqliteCallerConnection:
        # Without `_turn`: the caller may keep the file's write lock until we have answered.
        return SqliteCallerConnection(connection, self.dialect, self.translated)

    def due_in(self, queues: Sequence[str]) -> tuple[float, int]:
        params = {"queues": json.dumps(queues)}
        ((seconds, places, is_grouped),) = self.rows("due", params)
        due = math.inf if seconds is None else seconds
        if not is_grouped or due <= 0:
            return due, places
        grouped, cost = due_in(SqliteClaiming(self), self.rows("group_due", params))
        return min(due, grouped), places + cost

    @contextmanager
    def transaction(self, create: bool = False) -> Iterator[sqlite3.Connection]:
        """Everything inside happens, or none of it. Takes the write lock at once: a transaction
        that begins by reading cannot write once another process has written."""
        joined = self._local.__dict__.get("connection")
        if joined is not None and joined.in_transaction and self._local.pid == os.getpid():
            yield joined
            return
        try:
            with self._turn():
                connection = self._connection(create)
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            raise self.translated(error) from error

    def changes(self, queues: Sequence[str] = ()) -> int:
        number: int = self.ask("PRAGMA data_version")[0][0]
        return number

    def pause(self, seen: int, queues: Sequence[str], seconds: float) -> bool:
        watch = self._watch()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            watch.sleep(left)
            if self.changes() != seen:
                watch.rest()
                break
        return False

    def linger(self, seconds: float) -> None:
        self.pause(self.changes(), (), seconds)

    def _watch(self) -> Watch:
        """This thread's watch on the write-ahead log. A new connection gets a new one, since the
        file may be another."""
        connection = self._connection()
        held: tuple[object, Watch] | None = self._local.__dict__.get("watch")
        if held is None or held[0] is not connection:
            held = connection, Watch(self.path.with_name(f"{self.path.name}-wal"))
            self._local.watch = held
        return held[1]

    def tidy(self) -> None:
        pass  # SQLite uses a free page again at once

    def applied(self) -> dict[str, str]:
        if not self.path.exists() or not self.ask(placed(_HAS_MIGRATIONS, self.dialect)):
            return {}
        return dict(self.ask(placed("SELECT name, applied_at FROM {job_migrations}", self.dialect)))

    def migrating(self) -> AbstractContextManager[object]:
        return self.transaction(create=True)

    def apply(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self.ask(statement)

    def problems(self) -> list[str]:
        with self.transaction():
            pass  # the write lock was granted: the file and its folder can be written
        return []

    def columns_apart(self) -> set[str]:
        with suppress(sqlite3.Error), closing(sqlite3.connect(self.path)) as connection:
            return {row[0] for row in connection.execute(query("columns", self.dialect))}
        return set()

    def close(self) -> None:
        """Close this thread's connection."""
        self._local.__dict__.pop("watch", None)
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None and self._local.pid == os.getpid():
            connection.close()

    def _connection(self, create: bool = False, tenths: int | None = None) -> sqlite3.Connection:
        """This thread's connection, set to wait `tenths` of a second for other processes, or
        BUSY_SECONDS for None, but no longer than the answer limit. The PRAGMA is run only when that
        changes, which is rare."""
        local = self._local.__dict__
        if tenths is None and answer_limit.seconds() < BUSY_SECONDS:
            tenths = int(10 * answer_limit.seconds())
        connection: sqlite3.Connection | None = local.get("connection")
        if connection is None or local["pid"] != os.getpid():
            connection = self._opened(create, connection)
        if local["tenths"] != tenths:
            milliseconds = int(1000 * BUSY_SECONDS) if tenths is None else 100 * tenths
            connection.execute(f"PRAGMA busy_timeout = {milliseconds}")
            local["tenths"] = tenths
        return connection

    def _opened(self, create: bool, inherited: sqlite3.Connection | None) -> sqlite3.Connection:
        local = self._local.__dict__
        if inherited is not None:
            # SQLite forbids using a connection after fork(), and closing it here would drop the
            # parent's locks: keep it for ever, unused.
            _inherited.append(inherited)
        connection = self._open(create)
        local["connection"], local["pid"], local["tenths"] = connection, os.getpid(), None
        return connection

    def _open(self, create: bool) -> sqlite3.Connection:
        if not create and not self.path.exists():
            raise SchemaOutdated(
                f"there is no database {self.path.name} yet: run `lightjobs migrate:up`"
            )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(f"the folder of {self.path.name}: {error.strerror}") from None
        try:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, cached_statements=256
            )
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            set_wal(connection, BUSY_SECONDS)
        except sqlite3.Error as error:
            raise self.translated(error) from error
        return connection

    def translated(self, error: sqlite3.Error) -> Exception:
        text = str(error)
        if text.startswith("Could not decode to UTF-8"):
            self._connection().text_factory = _lenient
            return Undecodable(f"SQLite database {self.path.name}: {text}")
        kind = kind_of(error)
        if kind is SchemaOutdated:
            return self.outdated(text)
        return kind(f"SQLite database {self.path.name}: {text}")


def _waiting(patience: Patience) -> tuple[float, int | None]:
    """How long a push waits for other writers: the seconds, and tenths as `_connection` takes them.
    The statement itself may take any time: it is this process that works then, and no server that
    could hang."""
    if patience.deadline == math.inf:
        return BUSY_SECONDS, None
    seconds = max(0.0, patience.deadline - time.monotonic())
    return seconds, int(10 * seconds + 0.99)


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")

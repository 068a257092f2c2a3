"""SQLite: connections, transactions and errors. One file in WAL mode, any number of processes."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...errors import LightjobsError, SchemaOutdated, StoreUnavailable

Row = tuple[Any, ...]

BUSY_SECONDS = 10.0
"""How long a statement waits for another process's transaction before it gives up."""

POLL_SECONDS = 0.007
"""How often an idle worker asks SQLite's change counter. Waking up for it costs 100 microseconds:
at 5 ms it would be 2 % of a core."""

LEAST_VERSION = (3, 35, 0)  # RETURNING

_inherited: list[object] = []

# One statement or transaction at a time in a process, and no fork() meanwhile. SQLite keeps its
# own table of the process's locks; a copy made while another thread writes says "locked" for ever.
# It costs nothing: writers take turns anyway, and sooner here than in SQLite's busy loop.
_turn = threading.RLock()
os.register_at_fork(
    before=_turn.acquire, after_in_parent=_turn.release, after_in_child=_turn.release
)


class Undecodable(StoreUnavailable):
    """A row holds bytes that are not UTF-8. The connection has become lenient: ask again, and
    they come back as lone surrogates, which fails that job and no other."""


class Sqlite:
    """The SQL engine's way to one SQLite file."""

    name = "sqlite"

    def __init__(self, path: str, synchronous: str = "normal") -> None:
        if sqlite3.sqlite_version_info < LEAST_VERSION:
            raise LightjobsError(
                f"SQLite is {sqlite3.sqlite_version}; lightjobs needs 3.35 or later"
            )
        # The folder may change under a long-running process; the project does not.
        self.path = Path(path).absolute()
        self._synchronous = synchronous
        self._local = threading.local()

    def rows(self, sql: str, params: Mapping[str, Any] | Sequence[Any] = ()) -> list[Row]:
        """Run one statement and return all its rows."""
        with _turn:
            connection = self._connection()
            try:
                return connection.execute(sql, params).fetchall()
            except sqlite3.Error as error:
                translated = self._translated(error)
                if not isinstance(translated, Undecodable) or connection.in_transaction:
                    raise translated from error
            return connection.execute(sql, params).fetchall()

    def insert(self, sql: str, rows: Sequence[Mapping[str, Any]]) -> range:
        """Insert `rows`, all or none, and return their ids."""
        try:
            if len(rows) == 1:
                with _turn:
                    last = self._connection().execute(sql, rows[0]).lastrowid
            else:
                with self.transaction() as connection:
                    connection.executemany(sql, rows)
                    # AUTOINCREMENT and the write lock: the ids of one transaction are consecutive.
                    (last,) = connection.execute("SELECT last_insert_rowid()").fetchone()
        except sqlite3.Error as error:
            raise self._translated(error) from error
        assert last is not None
        return range(last - len(rows) + 1, last + 1)

    @contextmanager
    def transaction(self, create: bool = False) -> Iterator[sqlite3.Connection]:
        """Everything inside happens or nothing. Takes the write lock at once: a transaction that
        begins by reading cannot be upgraded once another process has written."""
        try:
            with _turn:
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
            raise self._translated(error) from error

    def changes(self) -> int:
        """A number that differs whenever another connection has committed since."""
        number: int = self.rows("PRAGMA data_version")[0][0]
        return number

    def pause(self, seconds: float) -> None:
        """Sleep until something may have changed, at most `seconds`."""
        time.sleep(max(0.0, min(POLL_SECONDS, seconds)))

    def close(self) -> None:
        """Close this thread's connection."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None and self._local.pid == os.getpid():
            connection.close()

    def _connection(self, create: bool = False) -> sqlite3.Connection:
        local = self._local.__dict__
        connection: sqlite3.Connection | None = local.get("connection")
        if connection is not None:
            if local["pid"] == os.getpid():
                return connection
            # SQLite forbids using a connection across fork(), and closing it here would drop the
            # parent's locks: keep it, untouched, for ever.
            _inherited.append(connection)
        connection = self._open(create)
        local["connection"], local["pid"] = connection, os.getpid()
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
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.Error as error:
            raise self._translated(error) from error
        return connection

    def _translated(self, error: sqlite3.Error) -> Exception:
        text = str(error)
        if text.startswith("Could not decode to UTF-8"):
            self._connection().text_factory = _lenient
            return Undecodable(f"SQLite database {self.path.name}: {text}")
        if text.startswith(("no such table", "no such column")) or "has no column" in text:
            return SchemaOutdated(
                f"the tables in {self.path.name} are missing or old ({text}): "
                "run `lightjobs migrate:up`"
            )
        if isinstance(error, (sqlite3.OperationalError, sqlite3.DatabaseError)) and not isinstance(
            error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)
        ):
            return StoreUnavailable(f"SQLite database {self.path.name}: {text}")
        return LightjobsError(f"SQLite database {self.path.name}: {text}")


def _lenient(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def statements(script: str) -> Iterator[str]:
    """The single statements of a migration. `executescript` would commit before it starts."""
    pending = ""
    for line in script.splitlines():
        if not pending and (line.startswith("--") or not line.strip()):
            continue
        pending += line + "\n"
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""

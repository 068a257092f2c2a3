"""Jobs on the caller's psycopg connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import tuple_row

from ..postgres_dialect import adapters, insert_jobs
from ..rows import Params, Row, inserting
from ..statements import pyformat
from .base import CallerConnection


class _Cursor(psycopg.Cursor[tuple[Any, ...]]):
    @property
    def adapters(self) -> AdaptersMap:
        return adapters

    def execute(self, *arguments: Any, **keywords: Any) -> _Cursor:
        prepare = False if _is_pooled(self.connection) else None
        return super().execute(*arguments, **keywords, prepare=prepare)


_pooled: WeakKeyDictionary[psycopg.Connection[Any], bool] = WeakKeyDictionary()


def _is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Whether a connection pooler stands before the server: what psycopg prepares would stay on a
    connection that others get. Asked once for each connection."""
    found = _pooled.get(connection)
    if found is None:
        # A pooler has no process to name at the login, and names a random number.
        cursor = _Cursor(connection, row_factory=tuple_row)
        psycopg.Cursor.execute(cursor, "SELECT pg_backend_pid()", prepare=False)
        found = _pooled[connection] = cursor.fetchall() != [(connection.info.backend_pid,)]
    return found


class PostgresCallerConnection(CallerConnection):
    """The caller's psycopg connection. Its NOTIFY reaches idle workers at its commit."""

    errors = (psycopg.Error,)

    def push(self, rows: Sequence[Params]) -> list[int]:
        pipelined = self._connection.pgconn.pipeline_status != PipelineStatus.OFF
        # Parameters are sent in the session's encoding, while COPY names its own. A pipeline cannot
        # COPY.
        plain = self._connection.info.encoding == "utf-8"
        with self.translated():
            cursor = self._cursor()
            if pipelined or (plain and len(rows) == 1):
                statement = pyformat(inserting(rows), self._dialect)
                return [int(cursor.execute(statement, row).fetchall()[0][0]) for row in rows]
            if self.is_bound():
                return insert_jobs(cursor, self._dialect, rows)
            with self.own_transaction(cursor.execute):
                return insert_jobs(cursor, self._dialect, rows)

    def whole(self) -> AbstractContextManager[None]:
        # A transaction in which a statement failed does nothing more.
        return nullcontext() if self.is_bound() else self.own_transaction(self._cursor().execute)

    def run(self, name: str, params: Params) -> int:
        with self.translated():
            return self._cursor().execute(pyformat(name, self._dialect), params).rowcount

    def rows(self, name: str, params: Params) -> list[Row]:
        with self.translated():
            return self._cursor().execute(pyformat(name, self._dialect), params).fetchall()

    def _cursor(self) -> _Cursor:
        return _Cursor(self._connection, row_factory=tuple_row)

    def is_closed(self) -> bool:
        if self._connection.closed:
            return True
        try:
            while self._has_data(self._connection.fileno()):
                # Until the end, if there is one. Notifications stay where psycopg finds them.
                self._connection.pgconn.consume_input()
        except psycopg.Error:
            return True
        return False

    def is_open(self) -> bool:
        status: TransactionStatus = self._connection.info.transaction_status
        return status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def is_bound(self) -> bool:
        return self.is_open() or not self._connection.autocommit

    def roll_back(self) -> None:
        with self.translated():
            self._connection.rollback()

"""Jobs on the caller's sqlite3 connection."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from ..rows import Params, Row
from ..sqlite_dialect import clock, insert_jobs
from ..statements import query
from .base import CallerConnection


class SqliteCallerConnection(CallerConnection):
    """The caller's sqlite3 connection, used in the caller's thread."""

    errors = (sqlite3.Error,)

    def push(self, rows: Sequence[Params]) -> range:
        with self.translated():
            return insert_jobs(sqlite3.Cursor(self._connection), rows)

    def whole(self) -> AbstractContextManager[None]:
        # Once a transaction has written, its statements do not fail for another one's.
        return nullcontext() if self.is_bound() else self.own_transaction(self._connection.execute)

    def run(self, name: str, params: Params) -> int:
        with self.translated():
            return self._execute(name, params).rowcount

    def rows(self, name: str, params: Params) -> list[Row]:
        with self.translated():
            return [tuple(row) for row in self._execute(name, params).fetchall()]

    def _execute(self, name: str, params: Params) -> sqlite3.Cursor:
        cursor = sqlite3.Cursor(self._connection)
        cursor.row_factory = None
        return cursor.execute(query(name, self._dialect), {**params, **clock()})

    def is_open(self) -> bool:
        with self.translated():
            return bool(self._connection.in_transaction)

    def is_bound(self) -> bool:
        if self.is_open():
            return True
        # Since Python 3.12 `autocommit` decides, where it is not left to `isolation_level`.
        autocommit = getattr(self._connection, "autocommit", -1)
        return autocommit is not True and self._connection.isolation_level is not None

    def roll_back(self) -> None:
        with self.translated():
            self._connection.rollback()

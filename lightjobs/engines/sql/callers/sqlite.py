"""Jobs on a sqlite3 connection, ours or the caller's."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from ....model import utc_text
from ..database import Params, Row
from ..statements import query
from .base import CallerConnection


class SqliteCallerConnection(CallerConnection):
    """The caller's sqlite3 connection; in the thread, and under the lock, where it is used."""

    errors = (sqlite3.Error,)

    def push(self, rows: Sequence[Params]) -> range:
        with self.translated():
            return store(sqlite3.Cursor(self._connection), rows)

    def run(self, name: str, params: Params) -> int:
        with self.translated():
            return self._execute(name, params).rowcount

    def rows(self, name: str, params: Params) -> list[Row]:
        with self.translated():
            return [tuple(row) for row in self._execute(name, params).fetchall()]

    def _execute(self, name: str, params: Params) -> sqlite3.Cursor:
        cursor = sqlite3.Cursor(self._connection)
        cursor.row_factory = None
        return cursor.execute(query(name, "sqlite"), {**params, **clock()})

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


def store(cursor: sqlite3.Cursor, rows: Sequence[Params]) -> range:
    """Insert jobs in whatever transaction `cursor` is in, and return their ids in order. One
    statement: all or none, also where there is no transaction."""
    if len(rows) == 1:
        cursor.execute(query("push", "sqlite"), {**rows[0], **clock()})
    else:
        jobs = json.dumps([list(row.values()) for row in rows], ensure_ascii=False)
        cursor.execute(query("push_many", "sqlite"), {"jobs": jobs, **clock()})
    last = cursor.lastrowid
    assert last is not None
    # AUTOINCREMENT and the write lock: the ids of one statement are consecutive.
    return range(last - len(rows) + 1, last + 1)


def clock() -> dict[str, Any]:
    """The time, as `now`, `us` and `unix`."""
    unix = time.time()
    return {"now": utc_text(unix), "us": int(unix % 1 * 1_000_000), "unix": unix}

"""Jobs on the caller's PyMySQL connection."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import cache
from typing import Any

import pymysql
from pymysql.constants import SERVER_STATUS
from pymysql.converters import escape_item
from pymysql.cursors import Cursor

from ..mysql_dialect import MYSQL, insert_jobs, run_insert
from ..rows import Params, Row, inserting
from ..statements import in_pyformat, pyformat, query
from .base import CallerConnection

TEXTS = (
    *("handler", "queue", "payload", "options"),
    *("unique_key", "unique_scope", "group_key", "batch_id"),
)

STRICT_INSERT = (
    "/*M! SET STATEMENT sql_mode = 'STRICT_ALL_TABLES' FOR */"
    " INSERT /*+ SET_VAR(sql_mode = 'STRICT_ALL_TABLES') */"
)
"""An INSERT that is strict in any mode of the session: MariaDB reads the first comment, MySQL the
second. It is a tenth slower, and so used only on callers' connections."""


SEEING_LATEST = "/*M!110602 SET STATEMENT innodb_snapshot_isolation = OFF FOR */ "
"""Before a statement, so that it can lock rows that have changed since the transaction began. From
11.6.2 on, MariaDB otherwise undoes the whole transaction of the caller."""


class _Cursor(Cursor):
    """Writes values as PyMySQL does by default, whatever converters the connection has."""

    def mogrify(self, query: str, args: Any = None) -> str:
        if args is None:
            return query
        return query % {name: escape_item(value, "utf8mb4") for name, value in args.items()}


class MysqlCallerConnection(CallerConnection):
    """The caller's PyMySQL connection."""

    errors = (pymysql.MySQLError,)
    _is_whole = False
    """Whether a savepoint of ours is open."""

    def push(self, rows: Sequence[Params]) -> list[int]:
        rows = list(map(in_digits, rows))
        statement = in_pyformat(guarded(inserting(rows)))
        with self.translated():
            cursor = _Cursor(self._connection)
            if len(rows) == 1:
                return [run_insert(cursor, cursor.mogrify(statement, rows[0]))]
            with self.whole():
                return insert_jobs(cursor, rows, statement=statement)

    def whole(self) -> AbstractContextManager[None]:
        cursor = _Cursor(self._connection)
        if self._is_whole:
            return nullcontext()
        return self._savepoint(cursor) if self.is_bound() else self.own_transaction(cursor.execute)

    @contextmanager
    def _savepoint(self, cursor: Cursor) -> Iterator[None]:
        """Undo everything inside after an error: there may be several statements, and the caller
        may go on with its transaction."""
        cursor.execute("SAVEPOINT lightjobs")
        self._is_whole = True
        try:
            yield
        except BaseException:
            with suppress(pymysql.MySQLError):  # the server may have undone it already
                cursor.execute("ROLLBACK TO SAVEPOINT lightjobs")
            raise
        finally:
            self._is_whole = False
        cursor.execute("RELEASE SAVEPOINT lightjobs")

    def run(self, name: str, params: Params) -> int:
        with self.translated():
            cursor = _Cursor(self._connection)
            cursor.execute(SEEING_LATEST + pyformat(name, self._dialect), params)
            return cursor.rowcount

    def rows(self, name: str, params: Params) -> list[Row]:
        with self.translated():
            cursor = _Cursor(self._connection)
            cursor.execute(SEEING_LATEST + pyformat(name, self._dialect), params)
            return list(cursor.fetchall())

    def is_closed(self) -> bool:
        if not self._connection.open:
            return True
        return self._has_data(self._connection._sock.fileno())  # it only ever hangs up unasked

    def is_open(self) -> bool:
        return bool(self._connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def is_bound(self) -> bool:
        return self.is_open() or not self._connection.get_autocommit()

    def roll_back(self) -> None:
        with self.translated():
            self._connection.rollback()


@cache
def guarded(name: str) -> str:
    """The INSERT of that name for any session and for rows `in_digits`; its parameters are named
    `:so`. Text is written as hexadecimal digits, which are the same in every character set and
    quoting mode; text that is too long is an error and not shortened."""
    unhexing = re.sub(
        rf":({'|'.join(TEXTS)})\b", r"CONVERT(UNHEX(:\1) USING utf8mb4)", query(name, MYSQL)
    )
    return unhexing.replace("INSERT", STRICT_INSERT, 1)


def in_digits(row: Params) -> Params:
    """`row` with each text as hexadecimal digits."""
    return {name: _hex(value) if name in TEXTS else value for name, value in row.items()}


def _hex(text: str | None) -> str | None:
    return None if text is None else text.encode().hex()

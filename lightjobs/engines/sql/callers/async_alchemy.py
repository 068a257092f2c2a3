"""Jobs on the caller's async connection of SQLAlchemy's, whatever driver is below it. SQLAlchemy is
not imported before the caller has brought it along."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any

from .async_base import Answer, AsyncCallerConnection, AsyncKind

_MARK = re.compile(r"\?")


class AlchemyConnection(AsyncCallerConnection):
    """An AsyncConnection. It begins a transaction if none is open, as it does at any use."""

    def __init__(self, connection: Any, kind: AsyncKind) -> None:
        from sqlalchemy.exc import DBAPIError

        self.errors = (DBAPIError,)
        self._connection = connection
        self._kind = kind

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Answer:
        text = in_style(sql, self._connection.dialect.paramstyle)
        result = await self._connection.exec_driver_sql(text, tuple(values) or None)
        if result.returns_rows:
            return Answer([tuple(row) for row in result.fetchall()], 0)
        # PostgreSQL's drivers have none.
        has_last = "postgresql" not in self._kind.alchemy
        return Answer([], int(result.lastrowid or 0) if has_last else 0)

    def drivers_own(self, error: Any) -> Exception:
        # Not linked to SQLAlchemy's, whose text has the parameters: payloads would be logged.
        return self._kind.drivers_own(error.orig, bool(error.connection_invalidated))

    def is_closed(self) -> bool:
        return bool(self._connection.closed)

    def is_bound(self) -> bool:
        sync = self._connection.sync_connection
        if sync is None or sync.invalidated:
            return True  # it was not started, or was lost: nothing is stored before it is told
        detect = getattr(sync.dialect, "detect_autocommit_setting", None)
        if detect is None:  # in earlier versions of 2.0
            return not sync._is_autocommit_isolation()
        return not detect(sync.connection.dbapi_connection)


def in_style(sql: str, paramstyle: str) -> str:
    """A statement with `?` for each value, as a driver of that DB-API paramstyle wants it."""
    if paramstyle == "qmark":
        return sql
    if paramstyle == "numeric_dollar":
        numbers = itertools.count(1)
        return _MARK.sub(lambda _mark: f"${next(numbers)}", sql)
    return sql.replace("%", "%%").replace("?", "%s")

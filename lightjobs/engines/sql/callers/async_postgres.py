"""Jobs on the caller's connections to PostgreSQL that belong to an event loop."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from ..dialect import Dialect
from ..postgres_dialect import PART, adapters
from ..rows import Params, inserting
from ..statements import marked, query
from .async_alchemy import in_style
from .async_base import Answer, AsyncCallerConnection, AsyncKind


class _Cursor(psycopg.AsyncCursor[tuple[Any, ...]]):
    @property
    def adapters(self) -> AdaptersMap:
        return adapters


class PsycopgConnection(AsyncCallerConnection):
    """An AsyncConnection of psycopg's."""

    errors = (psycopg.Error,)

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Answer:
        cursor = _Cursor(self._connection, row_factory=tuple_row)
        # Not prepared: behind a pooler that would stay on a connection that others get.
        await cursor.execute(in_style(sql, "format").encode(), tuple(values), prepare=False)
        return Answer(await cursor.fetchall() if cursor.description else [], 0)

    def drivers_own(self, error: psycopg.Error) -> Exception:
        return error

    def is_closed(self) -> bool:
        return bool(self._connection.closed)

    def is_bound(self) -> bool:
        status = self._connection.info.transaction_status
        is_open = status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)
        return is_open or not self._connection.autocommit


async def _push(
    caller: AsyncCallerConnection, dialect: Dialect, rows: Sequence[Params]
) -> list[int]:
    sql, _names = marked(query(inserting(rows, "push_many"), dialect))
    # Without a transaction one statement must do, so that all are stored or none.
    part = PART if caller.is_bound() else len(rows)
    ids: list[int] = []
    for start in range(0, len(rows), part):
        jobs = [list(row.values()) for row in rows[start : start + part]]
        text = json.dumps(jobs, ensure_ascii=False).encode()
        answer = await caller.execute(sql, [b64encode(text).decode()])
        ids += [int(row[0]) for row in answer.rows]
    return ids


def _drivers_own(error: Any, is_lost: bool) -> Exception:
    """psycopg's error for one of asyncpg's, by the server's code."""
    if isinstance(error, psycopg.Error):
        return error
    text = str(error.__cause__ or error)
    state = getattr(error, "sqlstate", None)
    if state:
        try:
            return psycopg.errors.lookup(state)(text)
        except KeyError:
            return psycopg.DatabaseError(text)
    kind = psycopg.OperationalError if is_lost else getattr(psycopg, type(error).__name__, None)
    return kind(text) if kind is not None else psycopg.DatabaseError(text)


ASYNC_POSTGRES = AsyncKind(
    ("postgresql",), _push, _drivers_own, psycopg.AsyncConnection, PsycopgConnection
)

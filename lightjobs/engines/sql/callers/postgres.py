"""Jobs on a psycopg connection, ours or the caller's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.pq import PipelineStatus, TransactionStatus
from psycopg.rows import tuple_row
from psycopg.types.string import TextLoader

from ..database import Params, Row
from ..statements import pyformat
from .base import CallerConnection

adapters = AdaptersMap(psycopg.adapters)
"""How values travel, whatever a connection was taught."""
adapters.register_loader("timestamp", TextLoader)  # times as text, in UTC


class _Cursor(psycopg.Cursor[tuple[Any, ...]]):
    @property
    def adapters(self) -> AdaptersMap:
        return adapters


class PostgresCallerConnection(CallerConnection):
    """The caller's psycopg connection. What it tells those who LISTEN is heard at its commit."""

    errors = (psycopg.Error,)

    def push(self, rows: Sequence[Params]) -> list[int]:
        pipelined = self._connection.pgconn.pipeline_status != PipelineStatus.OFF
        # A parameter is sent in the session's encoding; COPY names its own. A pipeline has no COPY.
        plain = self._connection.info.encoding == "utf-8"
        with self.translated():
            cursor = self._cursor()
            if pipelined or (plain and len(rows) == 1):
                statement = pyformat("push", "postgres")
                return [int(cursor.execute(statement, row).fetchall()[0][0]) for row in rows]
            return store(cursor, rows)

    def run(self, name: str, params: Params) -> int:
        with self.translated():
            return self._cursor().execute(pyformat(name, "postgres"), params).rowcount

    def rows(self, name: str, params: Params) -> list[Row]:
        with self.translated():
            return self._cursor().execute(pyformat(name, "postgres"), params).fetchall()

    def _cursor(self) -> _Cursor:
        return _Cursor(self._connection, row_factory=tuple_row)

    def is_closed(self) -> bool:
        return bool(self._connection.closed)

    def is_open(self) -> bool:
        status: TransactionStatus = self._connection.info.transaction_status
        return status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def is_bound(self) -> bool:
        return self.is_open() or not self._connection.autocommit

    def roll_back(self) -> None:
        with self.translated():
            self._connection.rollback()


def store(cursor: psycopg.Cursor[tuple[Any, ...]], rows: Sequence[Params]) -> list[int]:
    """Insert jobs in whatever transaction `cursor` is in, and return their ids in order."""
    cursor.execute(pyformat("reserve", "postgres"), {"count": len(rows)})
    reserved = cursor.fetchall()
    now = reserved[0][1]
    if isinstance(now, bytes):  # what psycopg makes of text in a session of SQL_ASCII
        now = now.decode()
    ids = [row[0] for row in reserved]
    lines = [
        f"{number}\t{_field(row['handler'])}\t{_field(row['queue'])}\t{_field(row['payload'])}"
        f"\tnew\t0\t{row['scheduled_at'] or now}\t{row['scheduled_us']}\t{row['priority']}"
        f"\t{_field(row['options'])}\t{now}\n"
        for number, row in zip(ids, rows, strict=True)
    ]
    data = "".join(lines).encode()
    with cursor.copy(pyformat("copy", "postgres")) as copy:
        copy.write(data)
    due = {row["queue"] for row in rows if (row["scheduled_at"] or "") < now}
    cursor.execute(pyformat("notify", "postgres"), {"queues": json.dumps(list(due))})
    return ids


def _field(text: str | None) -> str:
    """A value as COPY reads it."""
    if text is None:
        return "\\N"
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text

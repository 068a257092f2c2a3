"""The statements that run for each job or batch, prepared and sent through libpq itself.

A cursor of psycopg takes 40 us of CPU longer for each: a process that has just waited for an answer
runs slowly, because the caches hold what others did in that time. So what counts is how much code
runs between one answer and the next request.
"""

from __future__ import annotations

import math
import select
import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result

from ..delivery import Unsent
from .rows import Params, Row
from .statements import numbered

if TYPE_CHECKING:
    from .postgres_session import Connection

PREPARED_AFTER = 3
"""A statement is prepared at its next use, which takes one more round trip: a program that
dispatches one job does without it."""

_FINE = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


class Prepared:
    """The statements of one connection that have been used."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._uses: dict[bytes, int] = {}
        self._names: dict[bytes, bytes] = {}
        self._reading, self._writing = select.poll(), select.poll()
        self._reading.register(connection.fileno(), select.POLLIN)
        self._writing.register(connection.fileno(), select.POLLIN | select.POLLOUT)

    def execute(self, sql: str, params: Params) -> pq.abc.PGresult:
        """Run a statement whose parameters are named `:so` and are texts, whole numbers or None.
        Raises psycopg.Error, also when the connection's deadline has passed."""
        text, parameters = numbered(sql)
        values = [_dumped(params[parameter]) for parameter in parameters]
        name = self._names.get(text)
        if name is None:
            uses = self._uses[text] = self._uses.get(text, 0) + 1
            if uses <= PREPARED_AFTER:
                self._pgconn.send_query_params(text, values)
                return self._answer()
            name = self._prepared(text)
        self._pgconn.send_query_prepared(name, values)
        return self._answer()

    def roll_back(self) -> None:
        """Undo the transaction. After a ROLLBACK of its own, psycopg has the server forget all
        prepared statements, with ours among them."""
        self._pgconn.send_query(b"ROLLBACK")
        self._answer()

    def _prepared(self, text: bytes) -> bytes:
        name = b"lightjobs_%d" % len(self._names)
        self._pgconn.send_prepare(name, text)
        try:
            self._answer()
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # the statement itself has not been sent
                raise Unsent(str(error).strip()) from error
            raise
        self._names[text] = name
        return name

    def _answer(self) -> pq.abc.PGresult:
        pgconn = self._pgconn
        while pgconn.flush():
            if self._ready(self._writing) & ~select.POLLOUT:
                pgconn.consume_input()  # the server may wait until we take what it has sent
        results: list[pq.abc.PGresult] = []
        while True:
            # Before each result, and the end of them: getting one could wait without a limit.
            while pgconn.is_busy():
                self._ready(self._reading)
                pgconn.consume_input()
            result = pgconn.get_result()
            if result is None:
                break
            results.append(result)
        if results[0].status not in _FINE:
            raise error_from_result(results[0], encoding=self._connection.info.encoding)
        return results[0]

    def _ready(self, poll: select.poll) -> int:
        """Wait for what `poll` waits for, and return what there is."""
        milliseconds = None
        if self._connection.deadline < math.inf:
            milliseconds = max(0.0, 1000 * (self._connection.deadline - time.monotonic()))
        found = poll.poll(milliseconds)
        if not found:
            raise psycopg.OperationalError("the server has not answered in time")
        return found[0][1]


_TRUTH, _WHOLE = 16, (20, 21, 23)
"""The types of PostgreSQL that are not read as text: booleans, and whole numbers."""


def loaded(result: pq.abc.PGresult) -> list[Row]:
    """The rows of a result of whole numbers, truth values and texts."""
    kinds = [result.ftype(column) for column in range(result.nfields)]
    return [
        tuple(_loaded(result.get_value(row, column), kind) for column, kind in enumerate(kinds))
        for row in range(result.ntuples)
    ]


def _loaded(data: bytes | None, kind: int) -> Any:
    if data is None:
        return None
    if kind == _TRUTH:
        return data == b"t"
    return int(data) if kind in _WHOLE else data.decode()


def _dumped(value: Any) -> bytes | None:
    if value is None:
        return None
    data = str(value).encode()
    if b"\0" in data:
        raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return data

"""Jobs on the caller's connections to MySQL and MariaDB that belong to an event loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymysql

from ....errors import LightjobsError
from ..dialect import Dialect
from ..mysql_dialect import PACKET_BYTES
from ..rows import Params, inserting
from ..statements import marked
from .async_base import AsyncCallerConnection, AsyncKind, whole
from .mysql import SEEING_LATEST, guarded, in_digits


async def _push(
    caller: AsyncCallerConnection, _dialect: Dialect, rows: Sequence[Params]
) -> list[int]:
    sql, names = marked(guarded(inserting(rows)))
    begin = sql.index("(", sql.index("VALUES"))
    head, group = sql[:begin], sql[begin:]
    parts = _parts([[row[name] for name in names] for row in map(in_digits, rows)])
    statements = [
        (head + ", ".join([group] * len(part)), [value for values in part for value in values])
        for part in parts
    ]
    if len(statements) == 1 and len(rows) == 1:
        return [await _insert(caller, *statements[0])]
    ((step,),) = (await caller.execute("SELECT @@auto_increment_increment")).rows
    if len(statements) == 1:
        firsts = [await _insert(caller, *statements[0])]
    else:
        async with whole(caller, True):
            firsts = [await _insert(caller, *statement) for statement in statements]
    # As in mysql_dialect: the ids of one statement are one block.
    return [
        first + int(step) * number
        for first, part in zip(firsts, parts, strict=True)
        for number in range(len(part))
    ]


def _parts(rows: list[list[Any]]) -> list[list[list[Any]]]:
    """The values of rows, for statements of about PACKET_BYTES at most."""
    parts: list[list[list[Any]]] = []
    size = PACKET_BYTES
    for values in rows:
        length = sum(len(str(value)) for value in values)
        if size + length > PACKET_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(values)
        size += length
    return parts


async def _insert(caller: AsyncCallerConnection, sql: str, values: list[Any]) -> int:
    length = len(sql) + sum(len(str(value)) for value in values)
    if length > PACKET_BYTES:
        ((most,),) = (await caller.execute("SELECT @@max_allowed_packet")).rows
        if length >= int(most):  # the server would hang up in the middle without a reason
            raise LightjobsError(
                f"a payload is too long: the server's max_allowed_packet is {most} bytes"
            )
    return (await caller.execute(sql, values)).last_id


def _drivers_own(error: Any, is_lost: bool) -> Exception:
    """PyMySQL's error for one of asyncmy's, by its name; aiomysql raises PyMySQL's own."""
    if isinstance(error, pymysql.MySQLError):
        return error
    named = getattr(pymysql.err, type(error).__name__, pymysql.DatabaseError)
    kind = pymysql.OperationalError if is_lost else named
    own: Exception = kind(*error.args)
    return own


ASYNC_MYSQL = AsyncKind(("mysql", "mariadb"), _push, _drivers_own, saves=True, before=SEEING_LATEST)

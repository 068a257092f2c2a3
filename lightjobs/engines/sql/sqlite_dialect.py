"""How SQLite's statements are written: its words, its clock, and the INSERT of jobs."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from operator import methodcaller
from typing import Any

from ...model import utc_text
from ...notes.attempt_errors import ERRORS_LENGTH
from ..failures import ERROR_HEAD
from .dialect import Dialect, next_count
from .rows import Params, inserting
from .statements import query

_LOST = ":head || attempts || :middle || CAST({unix} AS INTEGER) || :tail"
_GIVEN = "json_extract(o.value, '$[2]')"
_ERROR = f"COALESCE({_GIVEN} || COALESCE(char(10) || errors, ''), errors)"


def _cut(errors: str) -> str:
    return f"substr({errors}, 1, {ERRORS_LENGTH})"


SQLITE = Dialect(
    name="sqlite",
    # The clock of the process: one file is used by one machine.
    now=":now",
    soon="datetime({now}, '+' || ((random() & 2147483647) % (:spread + 1)) || ' seconds')",
    us=":us",
    unix=":unix",
    # A transaction has the whole file.
    keep="",
    take="",
    lock="",
    change="",
    datetime="text",
    some="id IN (SELECT id FROM {jobs} WHERE {where} LIMIT :limit)",
    oldest="id IN (SELECT id FROM {jobs} WHERE {where} ORDER BY failed_at LIMIT :limit)",
    # Any program may have written bytes or numbers to a column of text.
    skip="AND handler NOT IN (SELECT value FROM json_each(:skip))",
    ids="id IN (SELECT value FROM json_each(:ids))",
    error_class="substr(exception, 1, instr(replace(exception, char(10), ':') || ':', ':') - 1)",
    bound_ids=json.dumps,
    claim="CAST(id AS TEXT), fence, CAST(handler AS TEXT), queue, CAST(payload AS TEXT), attempts,"
    " CAST(recoveries AS INTEGER), created_at, options",
    # Text that is not a time has not waited.
    waited="max(0.0, COALESCE({unix} - strftime('%s', scheduled_at) - scheduled_us / 1e6, 0.0))",
    errors=f", errors = {_cut(_ERROR)}",
    lost=_cut(f"{_LOST} || COALESCE(char(10) || errors, '')"),
    stored="id, CAST(handler AS TEXT), queue, CAST(payload AS TEXT), status, attempts, priority,"
    " created_at, scheduled_at, exception, failed_at, recoveries, worker, options,"
    " CAST(errors AS TEXT), CAST(result AS TEXT), CAST(progress AS TEXT), kept_until,"
    " unique_key, group_key, batch_id",
    failure="id, CAST(handler AS TEXT), CAST(failed_at AS TEXT),"
    f" substr(CAST(exception AS TEXT), 1, {ERROR_HEAD})",
    by_time="INDEXED BY jobs_grouped",
    next_attempts=next_count("attempts", "typeof(attempts) = 'integer'"),
    next_fence=next_count("fence", "typeof(fence) = 'integer'"),
)


def clock() -> dict[str, Any]:
    """The time, as the parameters `now`, `us` and `unix`."""
    unix = time.time()
    return {"now": utc_text(unix), "us": int(unix % 1 * 1_000_000), "unix": unix}


def insert_unique(
    connection: sqlite3.Connection, rows: Sequence[Params], dialect: Dialect
) -> range:
    """See Database.push_unique. In a transaction of its own."""
    if len(rows) > 1:
        # Often all keys of a push are free, or none: the first one tells, before jobs are stored
        # in vain.
        key = {"key": rows[0]["unique_key"]}
        if connection.execute(query("has_key", dialect), key).fetchall():
            return range(0)
    connection.execute("BEGIN IMMEDIATE")
    try:
        if len(rows) == 1:
            ids, taken = _insert_with_key(connection, {**rows[0], **clock()}, dialect)
        else:
            ids = insert_jobs(connection.cursor(), rows)
            params = {"first": ids[0], "last": ids[-1], **clock()}
            taken = connection.execute(query("take_free_keys", dialect), params).rowcount
        connection.execute("COMMIT" if taken == len(rows) else "ROLLBACK")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return ids if taken == len(rows) else range(0)


def _insert_with_key(
    connection: sqlite3.Connection, params: Params, dialect: Dialect
) -> tuple[range, int]:
    """Insert a job and take its key: its id, and how many keys were taken."""
    last = connection.execute(query("push_tied", dialect), params).lastrowid
    assert last is not None
    taken = connection.execute(query("take_free_key", dialect), params).rowcount
    return range(last, last + 1), taken


def insert_jobs(cursor: sqlite3.Cursor, rows: Sequence[Params]) -> range:
    """Insert jobs in the transaction of `cursor`, if any, and return their ids in order. One
    statement: all or none, also without a transaction."""
    if len(rows) == 1:
        cursor.execute(query(inserting(rows), SQLITE), {**rows[0], **clock()})
    else:
        cursor.execute(*many(rows))
    last = cursor.lastrowid
    assert last is not None
    # AUTOINCREMENT and the write lock make the ids of one statement consecutive.
    return range(last - len(rows) + 1, last + 1)


def many(rows: Sequence[Params]) -> tuple[str, dict[str, Any]]:
    """The statement that inserts many jobs, and its parameters."""
    return query(inserting(rows, "push_many"), SQLITE), {**_differing(rows), **clock()}


def _differing(rows: Sequence[Params]) -> dict[str, Any]:
    """The parameters of `push_many_tied.sql`."""
    params: dict[str, Any] = dict(rows[0])
    columns: list[tuple[Any, ...]] = []
    for name, values in zip(rows[0], zip(*map(_values, rows), strict=True), strict=True):
        is_same = values.count(values[0]) == len(values)
        params[f"in_{name}"] = None if is_same else f"$[{len(columns)}]"
        if not is_same:
            columns.append(values)
    jobs = list(zip(*columns, strict=True)) or [()] * len(rows)
    return {**params, "jobs": json.dumps(jobs, ensure_ascii=False)}


_values = methodcaller("values")

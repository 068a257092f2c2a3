"""How SQLite's statements are written: its words, its clock, and the INSERT of jobs."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from ...model import utc_text
from .dialect import Dialect, next_count
from .rows import Params
from .statements import query

SQLITE = Dialect(
    name="sqlite",
    # The clock of the process: one file is used by one machine.
    now=":now",
    us=":us",
    unix=":unix",
    # A transaction has the whole file.
    keep="",
    take="",
    change="",
    datetime="text",
    some="id IN (SELECT id FROM jobs WHERE {where} LIMIT :limit)",
    oldest="id IN (SELECT id FROM jobs WHERE {where} ORDER BY failed_at LIMIT :limit)",
    # Any program may have written bytes or numbers to a column of text.
    skip="AND handler NOT IN (SELECT value FROM json_each(:skip))",
    claim="CAST(id AS TEXT), fence, CAST(handler AS TEXT), queue, CAST(payload AS TEXT), attempts,"
    " CAST(recoveries AS INTEGER), created_at, options",
    stored="id, CAST(handler AS TEXT), queue, CAST(payload AS TEXT), status, attempts, priority,"
    " created_at, scheduled_at, exception, failed_at, recoveries, worker, options",
    next_attempts=next_count("attempts", "typeof(attempts) = 'integer'"),
    next_fence=next_count("fence", "typeof(fence) = 'integer'"),
)


def clock() -> dict[str, Any]:
    """The time, as the parameters `now`, `us` and `unix`."""
    unix = time.time()
    return {"now": utc_text(unix), "us": int(unix % 1 * 1_000_000), "unix": unix}


def insert_jobs(cursor: sqlite3.Cursor, rows: Sequence[Params]) -> range:
    """Insert jobs in the transaction of `cursor`, if any, and return their ids in order. One
    statement: all or none, also without a transaction."""
    if len(rows) == 1:
        cursor.execute(query("push", SQLITE), {**rows[0], **clock()})
    else:
        jobs = json.dumps([list(row.values()) for row in rows], ensure_ascii=False)
        cursor.execute(query("push_many", SQLITE), {"jobs": jobs, **clock()})
    last = cursor.lastrowid
    assert last is not None
    # AUTOINCREMENT and the write lock make the ids of one statement consecutive.
    return range(last - len(rows) + 1, last + 1)

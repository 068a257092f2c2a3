"""How the statements of MySQL and MariaDB are written: their words, and the INSERT of jobs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from pymysql.cursors import Cursor

from ...errors import LightjobsError
from ...notes.attempt_errors import ERRORS_LENGTH
from .dialect import Dialect
from .rows import Params
from .statements import pyformat


def _with_line(line: str, errors: str) -> str:
    return f"LEFT(CONCAT_WS('\\n', {line}, {errors}), {ERRORS_LENGTH})"


MYSQL = Dialect(
    name="mysql",
    now="UTC_TIMESTAMP()",
    soon="{now} + INTERVAL FLOOR(RAND() * (:spread + 1)) SECOND",
    us="MICROSECOND(UTC_TIMESTAMP(6))",
    # The session's zone is UTC.
    unix="UNIX_TIMESTAMP(NOW(6))",
    keep="LOCK IN SHARE MODE",
    take="FOR UPDATE SKIP LOCKED",
    lock="FOR UPDATE",
    change="FOR UPDATE SKIP LOCKED",
    datetime="datetime",
    some="{where} LIMIT :limit",
    oldest="{where} ORDER BY failed_at LIMIT :limit",
    # Byte by byte: the column's own collation takes upper and lower case for the same.
    skip="AND CAST(handler AS BINARY) NOT IN :skip",
    ids="id IN :ids",
    # Byte by byte, as above.
    error_class="CAST(CONVERT(SUBSTRING_INDEX(SUBSTRING_INDEX(exception, CHAR(10), 1), ':', 1)"
    " USING utf8mb4) AS BINARY)",
    # No plan of MySQL or MariaDB seeks in an index for a value that another row brings. Lightpack's
    # own indexes list the jobs of a status by their times.
    steps=False,
    snapshots=True,
    packed=lambda value: json.dumps(value, ensure_ascii=False).encode().hex(),
    claim="CAST(id AS CHAR), fence, handler, queue, payload, attempts, recoveries, created_at,"
    " options",
    errors=", jobs.errors = IF(o.error IS NULL, jobs.errors, "
    f"{_with_line('o.error', 'jobs.errors')})",
    lost=_with_line("CONCAT(:head, attempts, :middle, UNIX_TIMESTAMP(), :tail)", "errors"),
    # 0000-00-00, which is not a date, has not waited.
    waited="GREATEST(COALESCE("
    "TIMESTAMPDIFF(MICROSECOND, scheduled_at, UTC_TIMESTAMP(6)) - scheduled_us, 0), 0) / 1e6",
)

PACKET_BYTES = 1_000_000
"""About how long a statement that inserts many jobs may be, well below the server's own limit."""


def insert_jobs(
    cursor: Cursor,
    rows: Sequence[Params],
    answered: Callable[[], None] = lambda: None,
    statement: str | None = None,
) -> list[int]:
    """Insert jobs in the transaction of `cursor` and return their ids in order. Calls `answered`
    after each of its statements."""
    step = 1
    if len(rows) > 1:
        cursor.execute("SELECT @@auto_increment_increment")
        ((step,),) = cursor.fetchall()
        answered()
    ids: list[int] = []
    if statement is None:
        texts = _inserts(cursor, pyformat("push", MYSQL), rows)
    else:
        texts = _inserts(cursor, *_shared(cursor, statement, rows))
    for text, count in texts:
        # An INSERT whose number of rows is known from its text gets its ids in one block, in every
        # innodb_autoinc_lock_mode.
        first = run_insert(cursor, text)
        answered()
        ids += [first + int(step) * number for number in range(count)]
    return ids


def insert_unique(
    cursor: Cursor, dialect: Dialect, rows: Sequence[Params], answered: Callable[[], None]
) -> list[int]:
    """The same for jobs of which each has a key, and take the keys. Returns no ids if one of these
    has a row already: then the transaction has to be undone."""
    if len(rows) > 1:
        # Often all keys of a push are free, or none: the first one tells, before jobs are stored
        # in vain.
        cursor.execute(pyformat("has_key", dialect), {"key": rows[0]["unique_key"]})
        answered()
        if cursor.fetchall():
            return []
    ids = insert_jobs(cursor, rows, answered, pyformat("push_tied", dialect))
    keys = [
        {
            "key": row["unique_key"],
            "id": number,
            "scope": row["unique_scope"],
            "seconds": row["unique_seconds"],
        }
        for row, number in zip(rows, ids, strict=True)
    ]
    # In the order of the names, so that no two pushes wait for each other.
    keys.sort(key=itemgetter("key"))
    statement = pyformat("take_free_keys", dialect)
    for text, count in _inserts(cursor, *_shared(cursor, statement, keys)):
        run_insert(cursor, text)
        answered()
        if cursor.rowcount < count:
            return []
    return ids


def _shared(cursor: Cursor, statement: str, rows: Sequence[Params]) -> tuple[str, Sequence[Params]]:
    """The statement with the values that all rows share, and the others of each: PyMySQL takes long
    to write a value."""
    first = rows[0]
    columns = {name: [row[name] for row in rows] for name in first}
    differing = [name for name, values in columns.items() if values.count(first[name]) < len(rows)]
    given = {
        name: f"%({name})s"
        if name in differing
        else _literal(cursor, name, value).replace("%", "%%")
        for name, value in first.items()
    }
    values = zip(*(columns[name] for name in differing), strict=True)
    each = [dict(zip(differing, value, strict=True)) for value in values] or [{}] * len(rows)
    return statement.replace("%%", "%%%%") % given, each


def _literal(cursor: Cursor, name: str, value: Any) -> str:
    return str(cursor.mogrify(f"%({name})s", {name: value}))


def _inserts(cursor: Cursor, statement: str, rows: Sequence[Params]) -> Iterator[tuple[str, int]]:
    """INSERTs of up to about PACKET_BYTES, and how many of the rows each has."""
    begin = statement.index("(", statement.index("VALUES"))
    head, values = statement[:begin], statement[begin:]
    part: list[str] = []
    size = 0
    for row in rows:
        text = cursor.mogrify(values, row)
        if part and size + len(text) > PACKET_BYTES:
            yield head + ",\n".join(part), len(part)
            part, size = [], 0
        part.append(text)
        size += len(text)
    yield head + ",\n".join(part), len(part)


def run_insert(cursor: Cursor, statement: str) -> int:
    """Run a finished INSERT and return the first id. Raises LightjobsError for one that is too long
    for the server, which would hang up in the middle without a reason."""
    if len(statement) > PACKET_BYTES:
        cursor.execute("SELECT @@max_allowed_packet")
        ((most,),) = cursor.fetchall()
        if len(statement.encode("utf-8", "surrogatepass")) >= int(most):
            raise LightjobsError(
                f"a payload is too long: the server's max_allowed_packet is {most} bytes"
            )
    cursor.execute(statement)
    return int(cursor.lastrowid)

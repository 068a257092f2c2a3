"""How PostgreSQL's statements are written: its words, its types, and the COPY of jobs."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap
from psycopg.types.string import TextLoader

from ...notes.attempt_errors import ERRORS_LENGTH
from .dialect import Dialect
from .rows import TIES, Params, inserting
from .statements import pyformat

_T = TypeVar("_T")

_LOST = (
    "concat(CAST(:head AS text), attempts, CAST(:middle AS text), CAST(floor({unix}) AS bigint),"
    " CAST(:tail AS text))"
)
_GIVEN = "(SELECT outcomes FROM given) -> concat(id, ' ', fence) ->> 2"


def _with_line(line: str) -> str:
    # Without a line and errors concat_ws makes an empty text. A database without an encoding cuts
    # by bytes, and what is left of the last character could not be read.
    cut = f"left(concat_ws(chr(10), {line}, errors), {ERRORS_LENGTH})"
    return f"NULLIF(regexp_replace({cut}, '[^ -~]+$', ''), '')"


POSTGRES = Dialect(
    name="postgres",
    now="date_trunc('second', now() AT TIME ZONE 'UTC')",
    has_group="(group_key IS NOT NULL) IS TRUE",
    soon="{now} + floor(random() * (CAST(:spread AS integer) + 1)) * interval '1 second'",
    us="CAST(extract(microseconds FROM now()) AS bigint) % 1000000",
    unix="CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    keep="FOR KEY SHARE",
    take="FOR UPDATE SKIP LOCKED",
    lock="FOR UPDATE",
    change="FOR NO KEY UPDATE SKIP LOCKED",
    datetime="timestamp",
    # The condition is checked again, in case another transaction has changed the row since. By
    # primary key, to which IS TRUE keeps the planner: through any other index it would search the
    # list of ids for each row, 46 s for 12,000.
    some="id = ANY (ARRAY (SELECT id FROM {jobs} WHERE {where} LIMIT :limit))"
    " AND ({where}) IS TRUE",
    oldest="id = ANY (ARRAY (SELECT id FROM {jobs} WHERE {where} ORDER BY failed_at LIMIT :limit))"
    " AND ({where}) IS TRUE",
    skip="AND handler <> ALL (CAST(:skip AS text[]))",
    ids="id = ANY (CAST(:ids AS bigint[]))",
    error_class="split_part(split_part(exception, chr(10), 1), ':', 1)",
    packed=lambda value: b64encode(json.dumps(value, ensure_ascii=False).encode()).decode(),
    claim="CAST(id AS text), fence, handler, queue, payload, attempts, recoveries, created_at,"
    " options",
    errors=f", errors = {_with_line(_GIVEN)}",
    lost=_with_line(_LOST),
    waited="GREATEST(date_part('epoch', now()) - date_part('epoch', scheduled_at)"
    " - scheduled_us / CAST(1e6 AS double precision), 0)",
)

adapters = AdaptersMap(psycopg.adapters)
"""How values travel, whatever a connection was taught."""
adapters.register_loader("timestamp", TextLoader)  # times as text, in UTC


class LenientLoader(TextLoader):
    """Loads text that may hold bytes of another encoding: a database without an encoding takes any.
    They become lone surrogates, which fails the job that has them and no other."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "surrogateescape")


PART = 2000
"""How many jobs one statement stores. A server that works must answer before it counts as hanging,
and the caller's session may limit the time of a statement."""


def insert_jobs(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    dialect: Dialect,
    rows: Sequence[Params],
    answered: Callable[[], None] = lambda: None,
) -> list[int]:
    """Insert jobs in the transaction of `cursor` and return their ids in order. Calls `answered`
    after each part."""
    ids: list[int] = []
    due: set[Any] = set()
    for part in _parts(rows):
        added, now = _reserve(cursor, dialect, len(part))
        _copy(cursor, dialect, part, added, now)
        answered()
        ids += added
        due |= _due(part, now)
    _notify(cursor, dialect, due)
    answered()
    return ids


def insert_unique(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    dialect: Dialect,
    rows: Sequence[Params],
    answered: Callable[[], None],
) -> list[int]:
    """The same for jobs of which each has a key, after it has taken the keys. Returns no ids if one
    of these has a row already: then the transaction has to be undone."""
    ids: list[int] = []
    now = ""
    for part in _parts(rows):
        added, now = _reserve(cursor, dialect, len(part))
        answered()
        ids += added
    # In the order of the names, so that no two pushes wait for each other.
    for keyed in _parts(sorted(zip((row["unique_key"] for row in rows), ids, rows, strict=True))):
        cursor.execute(pyformat("take_new_keys", dialect), _keys(keyed))
        answered()
        if cursor.rowcount < len(keyed):
            return []
    for start, part in zip(range(0, len(rows), PART), _parts(rows), strict=True):
        _copy(cursor, dialect, part, ids[start : start + PART], now)
        answered()
    _notify(cursor, dialect, _due(rows, now))
    answered()
    return ids


def _parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), PART):
        yield values[start : start + PART]


def _reserve(
    cursor: psycopg.Cursor[tuple[Any, ...]], dialect: Dialect, count: int
) -> tuple[list[int], str]:
    """New ids, and the time at the server as text."""
    cursor.execute(pyformat("reserve", dialect), {"count": count})
    reserved = cursor.fetchall()
    now: str | bytes = reserved[0][1]
    if isinstance(now, bytes):  # what psycopg makes of text in a session of SQL_ASCII
        now = now.decode()
    return [row[0] for row in reserved], now


def _keys(keyed: Sequence[tuple[str, int, Params]]) -> dict[str, str]:
    """The parameters of take_new_keys.sql. As text: psycopg takes longer to write lists."""
    terms = [(row["unique_scope"], row["unique_seconds"]) for _name, _id, row in keyed]
    if terms.count(terms[0]) == len(terms):
        del terms[1:]
    names = [name for name, _id, _row in keyed]
    text = '","'.join(names)
    if "\\" in text or text.count('"') > 2 * (len(names) - 1):
        text = '","'.join([name.replace("\\", "\\\\").replace('"', '\\"') for name in names])
    return {
        "names": f'{{"{text}"}}',
        "ids": _array([str(number) for _name, number, _row in keyed]),
        "scopes": _array([scope for scope, _seconds in terms]),
        "seconds": _array([str(seconds) for _scope, seconds in terms]),
    }


def _array(values: Iterable[str]) -> str:
    return f"{{{','.join(values)}}}"


def _copy(
    cursor: psycopg.Cursor[tuple[Any, ...]],
    dialect: Dialect,
    rows: Sequence[Params],
    ids: Sequence[int],
    now: str,
) -> None:
    name = inserting(rows, "copy")
    is_tied = name != "copy"
    lines = [
        f"{number}\t{_field(row['handler'])}\t{_field(row['queue'])}\t{_field(row['payload'])}"
        f"\tnew\t0\t{row['scheduled_at'] or now}\t{row['scheduled_us']}\t{row['priority']}"
        f"\t{_field(row['options'])}\t{now}{_ties(row) if is_tied else ''}\n"
        for number, row in zip(ids, rows, strict=True)
    ]
    data = "".join(lines).encode()
    with cursor.copy(pyformat(name, dialect)) as copy:
        copy.write(data)


def _due(rows: Sequence[Params], now: str) -> set[Any]:
    """The queues of the jobs that are due."""
    return {row["queue"] for row in rows if (row["scheduled_at"] or "") < now}


def _notify(
    cursor: psycopg.Cursor[tuple[Any, ...]], dialect: Dialect, queues: Iterable[str]
) -> None:
    names = json.dumps([queue.encode().hex() for queue in queues])
    cursor.execute(pyformat("notify", dialect), {"queues": names})


_tie_values = itemgetter(*TIES)


def _ties(row: Params) -> str:
    """The columns of copy_tied.sql that copy.sql has not."""
    key, *others = _tie_values(row)
    return f"\t{_field(key)}{_other_ties(*others)}"


@lru_cache(maxsize=256)
def _other_ties(
    scope: str | None,
    seconds: float | None,
    group: str | None,
    limit: int | None,
    batch: str | None,
) -> str:
    """The columns after the key. In a push most jobs have the same there."""
    return (
        f"\t{_field(scope)}\t{_number(seconds)}\t{_field(group)}\t{_number(limit)}\t{_field(batch)}"
    )


def _number(number: float | None) -> str:
    return "\\N" if number is None else str(number)


def _field(text: str | None) -> str:
    """A value as COPY reads it."""
    if text is None:
        return "\\N"
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text or "\t" in text or "\r" in text:
        text = text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return text

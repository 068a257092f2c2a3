"""The SQL files: one a verb, read once. `queries/<dialect>/` overrides `queries/`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ...model import STATUSES, Status
from ..moves import ENDED

_FOLDER = Path(__file__).parent

HIGHEST_COUNT = 2**31 - 1
"""What a claim makes of attempts or a fence to which one cannot be added. No run gets that far."""


def _next(column: str, is_count: str = "") -> str:
    """One more than `column`, if that can be said; a plain `+ 1` beyond the column's range stops
    the claim of a whole batch."""
    return (
        f"CASE WHEN {is_count}{column} BETWEEN 0 AND {HIGHEST_COUNT - 1}"
        f" THEN {column} + 1 ELSE {HIGHEST_COUNT} END"
    )


_WORDS = {
    "sqlite": {
        "next_attempts": _next("attempts", "typeof(attempts) = 'integer' AND "),
        "next_fence": _next("fence", "typeof(fence) = 'integer' AND "),
        # The clock of the process: with one file there is only one machine.
        "now": ":now",
        "us": ":us",
        "unix": ":unix",
        "keep": "",
        "take": "",
        "datetime": "text",
        "some": "id IN (SELECT id FROM jobs WHERE {where} LIMIT :limit)",
        "oldest": "id IN (SELECT id FROM jobs WHERE {where} ORDER BY failed_at LIMIT :limit)",
    },
    "postgres": {
        "next_attempts": _next("attempts"),
        "next_fence": _next("fence"),
        "now": "date_trunc('second', now() AT TIME ZONE 'UTC')",
        "us": "CAST(extract(microseconds FROM now()) AS bigint) % 1000000",
        "unix": "CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
        "keep": "FOR KEY SHARE",
        "take": "FOR UPDATE SKIP LOCKED",
        "datetime": "timestamp",
        # Looked at again when another transaction has changed the row meanwhile. By primary key, to
        # which IS TRUE keeps the planner: through any other index it would search the list of ids
        # for each row, 46 s for 12,000.
        "some": "id = ANY (ARRAY (SELECT id FROM jobs WHERE {where} LIMIT :limit))"
        " AND ({where}) IS TRUE",
        "oldest": "id = ANY (ARRAY (SELECT id FROM jobs WHERE {where}"
        " ORDER BY failed_at LIMIT :limit)) AND ({where}) IS TRUE",
    },
    "mysql": {
        "next_attempts": _next("attempts"),
        "next_fence": _next("fence"),
        "now": "UTC_TIMESTAMP()",
        "us": "MICROSECOND(UTC_TIMESTAMP(6))",
        # The session's zone is UTC.
        "unix": "UNIX_TIMESTAMP(NOW(6))",
        "keep": "LOCK IN SHARE MODE",
        "take": "FOR UPDATE SKIP LOCKED",
        "datetime": "datetime",
        "some": "{where} LIMIT :limit",
        "oldest": "{where} ORDER BY failed_at LIMIT :limit",
    },
}
"""What `{word}` in a file stands for: the counts that a claim raises; the time in whole seconds as
a DATETIME, the microseconds beyond, unix seconds; the locks that keep a row from changing and that
claim it; a type; up to :limit jobs that fit the filters, and those of them that ended first."""

_FILTERS = {
    "id": "id = :id",
    "queue": "queue = :queue",
    "handler": "handler = :handler",
    "before": "COALESCE(failed_at, created_at) < CAST(:before AS {datetime})",
    "free": "worker IS NULL",
    "priority": "priority = :priority",
    "beyond": "priority > :beyond",
}
"""What `{where}` in a file is made of: conditions on a column, by the name of their parameter."""

_FILTERS_OF_ENDED = {**_FILTERS, "before": "failed_at < CAST(:before AS {datetime})"}
"""The same for jobs that have ended; an index has them by when they did."""


@cache
def where(statuses: tuple[str, ...], *filters: str) -> str:
    """The condition that jobs with one of `statuses`, of STATUSES, fit `filters`, of _FILTERS. The
    statuses are part of the text: only so does SQLite know which partial index has them all."""
    assert set(statuses) <= set(STATUSES)
    listed = ", ".join(f"'{status}'" for status in statuses)
    is_one = f"status = {listed}" if len(statuses) == 1 else f"status IN ({listed})"
    if not {Status.NEW, Status.QUEUED} & set(statuses):
        is_one = f"status NOT IN ('{Status.NEW}', '{Status.QUEUED}') AND {is_one}"
    conditions = _FILTERS_OF_ENDED if set(statuses) <= set(ENDED) else _FILTERS
    return " AND ".join([is_one, *(conditions[name] for name in filters)])


@cache
def query(name: str, dialect: str, where: str = "") -> str:
    """The statement of verb `name`, without the header that documents it; its parameters are
    named `:so`. `where` is what `{where}` in it stands for."""
    path = _FOLDER / "queries" / dialect / f"{name}.sql"
    if not path.exists():
        path = _FOLDER / "queries" / f"{name}.sql"
    text = "\n".join(line for line in _lines(path) if not line.startswith("--"))
    for word, meaning in [
        ("some", _WORDS[dialect]["some"]),
        ("oldest", _WORDS[dialect]["oldest"]),
        ("where", where),
        *_WORDS[dialect].items(),
    ]:
        text = text.replace(f"{{{word}}}", meaning)
    return text


@cache
def pyformat(name: str, dialect: str, where: str = "") -> str:
    """The same for drivers that name parameters `%(so)s`."""
    return re.sub(r":([a-z_]+)", r"%(\1)s", query(name, dialect, where).replace("%", "%%"))


def migrations(dialect: str, suffix: str = ".sql") -> list[tuple[str, str]]:
    """The name and text of each of the dialect's migrations, in order; with the suffix
    `.down.sql`, of what undoes each."""
    folder = _FOLDER / "migrations" / dialect
    paths = sorted(path for path in folder.glob("*.sql") if "".join(path.suffixes) == suffix)
    return [(path.name.removesuffix(suffix), path.read_text(encoding="utf-8")) for path in paths]


def statements(script: str) -> list[str]:
    """The single statements of a file; each ends with a semicolon at the end of a line."""
    text = "\n".join(
        line for line in script.splitlines() if not line.lstrip().startswith("--") and line.strip()
    )
    return [part.strip() for part in re.split(r";[ ]*$", text, flags=re.M) if part.strip()]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()

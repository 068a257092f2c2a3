"""The SQL files: one for each verb. `queries/<dialect>/` overrides `queries/`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ...model import STATUSES, Status
from ..moves import ENDED
from .dialect import Dialect

_FOLDER = Path(__file__).parent

_WORD = re.compile(r"\{([a-z_]+)\}")

_PARAMETER = re.compile(r":([a-z_]+)")

_FILTERS = {
    "id": "id = :id",
    "queue": "queue = :queue",
    "handler": "handler = :handler",
    "ids": "{ids}",
    "worker": "worker = :worker",
    "exception": "{error_class} = :exception",
    "before": "COALESCE(failed_at, created_at) < CAST(:before AS {datetime})",
    "after": "scheduled_at >= CAST(:after AS {datetime})"
    " AND (scheduled_at > CAST(:after AS {datetime}) OR id > :after_id)",
    "free": "worker IS NULL",
    "unkept": "kept_until IS NULL",
    "batch": "batch_id = :batch",
    "batched": "batch_id IS NOT NULL",
    "unbatched": "batch_id IS NULL",
    "keyed": "unique_key IS NOT NULL",
    "keyless": "unique_key IS NULL",
    "over": "kept_until <= {unix}",
    "priority": "priority = :priority",
    "beyond": "priority > :beyond",
}
"""The conditions that make up `{where}`, by the name of their parameter."""

_FILTERS_OF_ENDED = {
    **_FILTERS,
    "before": "failed_at < CAST(:before AS {datetime})",
    "after": "failed_at <= CAST(:after AS {datetime})"
    " AND (failed_at < CAST(:after AS {datetime}) OR id < :after_id)",
}
"""The same for jobs that have ended, which an index lists by when they did."""


@cache
def where(statuses: tuple[str, ...], *filters: str) -> str:
    """The condition for jobs that have one of `statuses`, of STATUSES, and fit `filters`, of
    _FILTERS. The statuses are part of the text: SQLite uses a partial index only when it knows
    that all rows are in it."""
    assert set(statuses) <= set(STATUSES)
    listed = ", ".join(f"'{status}'" for status in statuses)
    is_one = f"status = {listed}" if len(statuses) == 1 else f"status IN ({listed})"
    if not {Status.NEW, Status.QUEUED} & set(statuses):
        is_one = f"status NOT IN ('{Status.NEW}', '{Status.QUEUED}') AND {is_one}"
    if "ids" in filters:
        is_one = f"({is_one}) IS TRUE"  # so that no index is used but the one of the ids
    conditions = _FILTERS_OF_ENDED if set(statuses) <= set(ENDED) else _FILTERS
    return " AND ".join([is_one, *(conditions[name] for name in filters)])


@cache
def query(name: str, dialect: Dialect, where: str = "") -> str:
    """The statement of verb `name`, without its header. Its parameters are named `:so`. `where`
    replaces `{where}`; other words come from the dialect."""
    lines = files(dialect.name)[name].splitlines()
    text = "\n".join(line for line in lines if not line.startswith("--"))
    words = {**vars(dialect), **dialect.tables, "where": where}
    while (expanded := _WORD.sub(lambda word: str(words[word[1]]), text)) != text:
        text = expanded
    return text


@cache
def files(dialect: str) -> dict[str, str]:
    """The text of each verb's file, by the name of the verb.

    An engine reads all of them when it is made. A worker that read a file when it first needs it
    would fail in the middle of its work when the package has been replaced or no descriptor is
    left.
    """
    found = {}
    for folder in (_FOLDER / "queries", _FOLDER / "queries" / dialect):
        for path in folder.glob("*.sql"):
            found[path.stem] = path.read_text(encoding="utf-8")
    return found


@cache
def pyformat(name: str, dialect: Dialect, where: str = "") -> str:
    """The same statement for drivers that name parameters `%(so)s`."""
    return in_pyformat(query(name, dialect, where))


@cache
def in_pyformat(sql: str) -> str:
    """A statement for these drivers."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


@cache
def numbered(sql: str) -> tuple[bytes, list[str]]:
    """A statement for libpq, which numbers parameters `$1`, and the parameters in that order."""
    names = list(dict.fromkeys(_PARAMETER.findall(sql)))
    text = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", sql)
    return text.encode(), names


def marked(sql: str) -> tuple[str, list[str]]:
    """A statement with `?` for each parameter, and the parameters in that order."""
    return _PARAMETER.sub("?", sql), _PARAMETER.findall(sql)


def migrations(dialect: Dialect, suffix: str = ".sql") -> list[tuple[str, str]]:
    """The name and text of each of the dialect's migrations, in order; with the suffix
    `.down.sql`, the text that undoes it."""
    folder = _FOLDER / "migrations" / dialect.name
    paths = sorted(path for path in folder.glob("*.sql") if "".join(path.suffixes) == suffix)
    return [
        (path.name.removesuffix(suffix), placed(path.read_text(encoding="utf-8"), dialect))
        for path in paths
    ]


def placed(script: str, dialect: Dialect) -> str:
    """A text with the names of the dialect's tables; other words stay as they are."""
    return _WORD.sub(lambda word: dialect.tables.get(word[1], word[0]), script)


def statements(script: str) -> list[str]:
    """The statements of a file; each ends with a semicolon at the end of a line."""
    text = "\n".join(
        line for line in script.splitlines() if not line.lstrip().startswith("--") and line.strip()
    )
    return [part.strip() for part in re.split(r";[ ]*$", text, flags=re.M) if part.strip()]

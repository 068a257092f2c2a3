"""The SQL files: one a verb, read once. `queries/<dialect>/` overrides `queries/`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent

_WORDS = {
    "sqlite": {
        # The clock of the process: with one file there is only one machine.
        "now": ":now",
        "us": ":us",
        "unix": ":unix",
        "keep": "",
        "take": "",
        "datetime": "text",
    },
    "postgres": {
        "now": "date_trunc('second', now() AT TIME ZONE 'UTC')",
        "us": "CAST(extract(microseconds FROM now()) AS bigint) % 1000000",
        "unix": "CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
        "keep": "FOR KEY SHARE",
        "take": "FOR UPDATE SKIP LOCKED",
        "datetime": "timestamp",
    },
    "mysql": {
        "now": "UTC_TIMESTAMP()",
        "us": "MICROSECOND(UTC_TIMESTAMP(6))",
        # The session's zone is UTC.
        "unix": "UNIX_TIMESTAMP(NOW(6))",
        "keep": "LOCK IN SHARE MODE",
        "take": "FOR UPDATE SKIP LOCKED",
        "datetime": "datetime",
    },
}
"""What `{word}` in a file stands for: the time in whole seconds as a DATETIME, the microseconds
beyond, unix seconds; the locks that keep a row from changing and that claim it; a type."""


@cache
def query(name: str, dialect: str) -> str:
    """The statement of verb `name`, without the header that documents it; its parameters are
    named `:so`."""
    path = _FOLDER / "queries" / dialect / f"{name}.sql"
    if not path.exists():
        path = _FOLDER / "queries" / f"{name}.sql"
    text = "\n".join(line for line in _lines(path) if not line.startswith("--"))
    for word, meaning in _WORDS[dialect].items():
        text = text.replace(f"{{{word}}}", meaning)
    return text


@cache
def pyformat(name: str, dialect: str) -> str:
    """The same for drivers that name parameters `%(so)s`."""
    return re.sub(r":([a-z_]+)", r"%(\1)s", query(name, dialect).replace("%", "%%"))


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

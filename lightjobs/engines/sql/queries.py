"""The SQL files: one a verb, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def query(name: str) -> str:
    """The statement in `queries/<name>.sql`, without the header that documents it."""
    text = (_FOLDER / "queries" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


def migrations(dialect: str) -> list[tuple[str, str]]:
    """The name and text of each of the dialect's migrations, in order."""
    folder = _FOLDER / "migrations" / dialect
    return [(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]

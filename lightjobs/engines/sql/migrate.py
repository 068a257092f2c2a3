"""Migrations: which are applied, which are pending, and applying them."""

from __future__ import annotations

import sqlite3

from .queries import migrations
from .sqlite import Sqlite, statements

_TABLE = """
CREATE TABLE IF NOT EXISTS job_migrations (
  name TEXT PRIMARY KEY,
  applied_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
)
"""


def up(db: Sqlite, dry_run: bool = False) -> list[str]:
    """Apply the pending migrations in one transaction; return their SQL. With `dry_run` change
    nothing."""
    if dry_run:
        return [sql for name, sql in migrations(db.name) if _applied(db).get(name) is None]
    applied = []
    with db.transaction(create=True) as connection:
        connection.execute(_TABLE)
        # Read inside the transaction: another migrator may have been faster.
        known = {name for (name,) in connection.execute("SELECT name FROM job_migrations")}
        for name, sql in migrations(db.name):
            if name not in known:
                _apply(connection, name, sql)
                applied.append(sql)
    return applied


def status(db: Sqlite) -> list[tuple[str, str | None]]:
    """Each migration with the time it was applied, or None."""
    applied = _applied(db)
    return [(name, applied.get(name)) for name, _sql in migrations(db.name)]


def _apply(connection: sqlite3.Connection, name: str, sql: str) -> None:
    for statement in statements(sql):
        connection.execute(statement)
    connection.execute("INSERT INTO job_migrations (name) VALUES (?)", (name,))


def _applied(db: Sqlite) -> dict[str, str]:
    if not db.path.exists():
        return {}
    if not db.rows("SELECT 1 FROM sqlite_master WHERE name = 'job_migrations'"):
        return {}
    return {name: at for name, at in db.rows("SELECT name, applied_at FROM job_migrations")}

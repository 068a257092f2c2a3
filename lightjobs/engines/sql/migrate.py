"""Migrations: which are applied, which are pending; applying them and taking them back."""

from __future__ import annotations

from .database import Database
from .queries import migrations, statements

_NOTE = "INSERT INTO job_migrations (name) VALUES ('{}');"
_FORGET = "DELETE FROM job_migrations WHERE name = '{}';"


def up(db: Database, dry_run: bool = False) -> list[str]:
    """Apply the pending migrations; return their SQL. With `dry_run` change nothing."""
    if dry_run:
        return _pending(db)
    with db.migrating():
        # Read under the lock: another migrator may have been faster.
        pending = _pending(db)
        for script in pending:
            db.apply(statements(script))
    return pending


def down(db: Database, dry_run: bool = False) -> list[str]:
    """Take back the latest applied migration; return its SQL. With `dry_run` change nothing."""
    if dry_run:
        return _latest(db)
    with db.migrating():
        scripts = _latest(db)
        for script in scripts:
            db.apply(statements(script))
    return scripts


def status(db: Database) -> list[tuple[str, str | None]]:
    """Each migration with the time it was applied, or None."""
    applied = db.applied()
    return [(name, applied.get(name)) for name, _sql in migrations(db.name)]


def _pending(db: Database) -> list[str]:
    """Each pending migration, with the statement that notes it: whoever runs the text by hand has
    done all that `migrate:up` would."""
    applied = db.applied()
    return [
        f"{db.script(sql).rstrip()}\n{_NOTE.format(name)}\n"
        for name, sql in migrations(db.name)
        if name not in applied
    ]


def _latest(db: Database) -> list[str]:
    applied = db.applied()
    found = [(name, sql) for name, sql in migrations(db.name, ".down.sql") if name in applied]
    return [f"{_FORGET.format(name)}\n{db.script(sql)}" for name, sql in found[-1:]]

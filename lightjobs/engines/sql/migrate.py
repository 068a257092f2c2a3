"""Migrations: which are applied, which are pending; applying them and taking them back."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import LightjobsError
from .database import Database, NotAllowed
from .statements import migrations, statements

_NOTE = "INSERT INTO job_migrations (name) VALUES ('{}');"
_FORGET = "DELETE FROM job_migrations WHERE name = '{}';"

_MADE = {
    "0001_lightpack_jobs": {"handler"},
    "0002_lightjobs_columns": {
        "scheduled_us",
        "priority",
        "fence",
        "recoveries",
        "worker",
        "options",
    },
}
"""Columns of `jobs` that are there once a migration was applied."""


def up(db: Database, dry_run: bool = False) -> list[str]:
    """Apply the pending migrations; return their SQL. With `dry_run` change nothing."""
    return _pending(db) if dry_run else _change(db, _pending)


def down(db: Database, dry_run: bool = False) -> list[str]:
    """Take the latest migration back; return its SQL. With `dry_run` change nothing. The first
    one stays: the table that it made or found is Lightpack's, too."""
    return _latest(db) if dry_run else _change(db, _latest)


def _change(db: Database, wanted: Callable[[Database], list[str]]) -> list[str]:
    scripts: list[str] = []
    try:
        with db.migrating():
            # Read under the lock: another migrator may have been faster.
            scripts = wanted(db)
            for script in scripts:
                db.apply(statements(script))
    except NotAllowed as error:
        raise LightjobsError(
            f"{error}\nThis database user may not change tables. "
            "An administrator who may can run:\n\n" + "\n".join(scripts or wanted(db))
        ) from error
    return scripts


def status(db: Database) -> list[tuple[str, str | None]]:
    """Each migration with the time it was applied, or None."""
    applied = _applied(db)
    return [(name, applied.get(name)) for name, _sql in migrations(db.name)]


def _applied(db: Database) -> dict[str, str]:
    """The migrations that were applied, and when, up to the first of which nothing is left:
    Lightpack may drop its table and make it anew, and our notes are of the old one then. Each can
    be applied on what those after it have made."""
    noted = db.applied()
    columns = {column for (column,) in db.rows("columns", {})} if noted else set()
    applied: dict[str, str] = {}
    for name, _sql in migrations(db.name):
        if not _MADE.get(name, set()) <= columns:
            break
        if name in noted:
            applied[name] = noted[name]
    return applied


def _pending(db: Database) -> list[str]:
    """Each pending migration, with the statement that notes it: whoever runs the text by hand has
    done all that `migrate:up` would."""
    applied = _applied(db)
    return [
        f"{db.script(sql).rstrip()}\n{_FORGET.format(name)}\n{_NOTE.format(name)}\n"
        for name, sql in migrations(db.name)
        if name not in applied
    ]


def _latest(db: Database) -> list[str]:
    latest = list(_applied(db))[-1:]
    scripts = dict(migrations(db.name, ".down.sql"))
    return [
        f"{db.script(scripts[name]).rstrip()}\n{_FORGET.format(name)}\n"
        for name in latest
        if name in scripts
    ]

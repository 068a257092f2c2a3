"""Migrations: which are applied and which are pending; applying them, and undoing the latest."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import LightjobsError, SchemaOutdated
from ..schema import Schema
from .database import Database, NotAllowed, undone
from .foreign import foreign
from .statements import migrations, placed, statements

_NOTE = "INSERT INTO {job_migrations} (name) VALUES ('{}');"
_FORGET = "DELETE FROM {job_migrations} WHERE name = '{}';"

_ADDED = {
    "0001_lightpack_jobs": {"handler"},
    "0002_lightjobs_columns": {
        "scheduled_us",
        "priority",
        "fence",
        "recoveries",
        "worker",
        "options",
    },
    "0007_lightjobs_monitoring": {"errors"},
    "0008_lightjobs_results": {"result", "progress", "kept_until"},
    "0009_lightjobs_flow": {
        "unique_key",
        "unique_scope",
        "unique_seconds",
        "group_key",
        "group_limit",
        "batch_id",
    },
}
"""The columns of `jobs` that a migration adds."""


class SqlSchema(Schema):
    """The tables of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def install(self, dry_run: bool = False) -> list[tuple[str, str]]:
        return self._change(_pending, dry_run)

    def uninstall(self, dry_run: bool = False) -> list[tuple[str, str]]:
        return self._change(_latest, dry_run)

    def installed(self) -> list[tuple[str, str | None]]:
        applied = _applied(self._db)
        return [(name, applied.get(name)) for name, _sql in migrations(self._db.dialect)]

    @undone
    def _change(
        self, wanted: Callable[[Database], list[tuple[str, str]]], dry_run: bool
    ) -> list[tuple[str, str]]:
        if dry_run:
            return wanted(self._db)
        steps: list[tuple[str, str]] = []
        try:
            with self._db.migrating():
                # Read under the lock: another process may have applied some.
                steps = wanted(self._db)
                for _name, sql in steps:
                    self._db.apply(statements(sql))
        except NotAllowed as error:
            scripts = [sql for _name, sql in steps or wanted(self._db)]
            raise LightjobsError(
                f"{error}\nThis database user may not change tables. "
                "An administrator can run:\n\n" + "\n".join(scripts)
            ) from error
        return steps


def _applied(db: Database) -> dict[str, str]:
    """The migrations that are applied, and when. Lightpack may drop its table and make it anew,
    and then our notes are about the old one: the list ends before the first migration whose columns
    are missing. Each can be applied again to what later ones have left."""
    noted = db.applied()
    columns = _columns(db)
    if text := foreign(db.label, columns):
        raise SchemaOutdated(text)
    applied: dict[str, str] = {}
    for name, _sql in migrations(db.dialect):
        if not _ADDED.get(name, set()) <= columns:
            break
        if name in noted:
            applied[name] = noted[name]
    return applied


def _columns(db: Database) -> set[str]:
    """The columns of `jobs`; none where there is no such table, or no database yet."""
    try:
        return {column for (column,) in db.rows("columns", {})}
    except SchemaOutdated:
        return set()


def _pending(db: Database) -> list[tuple[str, str]]:
    """Each pending migration, with the statement that notes it: running the text by hand does all
    that `migrate:up` does."""
    applied = _applied(db)
    _refuse_another_prefix(db)
    pending = [
        (name, f"{db.script(sql).rstrip()}\n{_noted(db, _FORGET, name)}{_noted(db, _NOTE, name)}")
        for name, sql in migrations(db.dialect)
        if name not in applied
    ]
    if pending:
        name, sql = pending[0]
        pending[0] = (name, f"{db.preparation()}{sql}")
    return pending


def _refuse_another_prefix(db: Database) -> None:
    """Raise LightjobsError if `jobs` is used with another prefix already: its workers would be
    unknown here, and their jobs taken from them."""
    prefix = db.dialect.tables["prefix"]
    if prefix and not db.applied() and _ADDED["0002_lightjobs_columns"] <= _columns(db):
        raise LightjobsError(
            f"{db.label}: the table jobs is one of lightjobs already, but there is no table "
            f"{prefix}job_migrations; DB_TABLE_PREFIX must be what it was when the tables were made"
        )


def _noted(db: Database, statement: str, name: str) -> str:
    return f"{placed(statement, db.dialect).format(name)}\n"


def _latest(db: Database) -> list[tuple[str, str]]:
    """The latest migration, if it can be undone. The first one cannot: the table that it made or
    found is Lightpack's, too."""
    scripts = dict(migrations(db.dialect, ".down.sql"))
    return [
        (name, f"{db.script(scripts[name]).rstrip()}\n{_noted(db, _FORGET, name)}")
        for name in list(_applied(db))[-1:]
        if name in scripts
    ]

"""The tables of lightjobs, made by Django's migrations."""

from __future__ import annotations

from typing import Any

from django.db import migrations

from ... import current
from ...engines import connect
from ...engines.schema import Schema
from . import configuration, databases

_ELSEWHERE = ("redis", "valkey")
"""Engines with which a database holds no jobs."""


class MakeTables(migrations.RunPython):
    """Applies the migrations that `lightjobs migrate:up` would apply, `latest` the last of them,
    to the database that holds the jobs. Those that are applied already are left as they are, and
    going back changes nothing: `lightjobs migrate:down` does that."""

    def __init__(self, latest: str) -> None:
        super().__init__(_make, migrations.RunPython.noop, elidable=False)
        self.latest = latest

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return type(self).__name__, [self.latest], {}

    def describe(self) -> str:
        return f"Make the tables of lightjobs, up to {self.latest}"


def _make(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.alias != configuration.database_alias():
        return
    if not holds_jobs(schema_editor.connection.settings_dict["NAME"]):
        return
    # The engine's own connection: its lock keeps two processes from migrating at once.
    engine = connect(current.settings()._replace(engine="database"))
    assert isinstance(engine.schema, Schema)
    try:
        engine.schema.install()
    finally:
        engine.close()


def holds_jobs(name: Any) -> bool:
    """Whether jobs can be in the database called `name`, as the settings are. With an engine that
    keeps none they may still come later, or run in production only."""
    return current.settings().engine not in _ELSEWHERE and not databases.is_in_memory(str(name))

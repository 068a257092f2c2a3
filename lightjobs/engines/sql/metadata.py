"""Metadata in the table `job_metadata`."""

from __future__ import annotations

from ..metadata_store import MetadataStore
from .database import Database, repeatable, undone


class SqlMetadata(MetadataStore):
    """The metadata of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @repeatable
    def _get(self, key: str) -> str | None:
        rows = self._db.rows("get_metadata", {"key": key})
        return str(rows[0][0]) if rows else None

    @repeatable
    def _set(self, key: str, text: str) -> None:
        self._db.run("set_metadata", {"key": key, "value": text})

    @undone
    def _delete(self, key: str) -> bool:
        return self._db.run("delete_metadata", {"key": key}) > 0

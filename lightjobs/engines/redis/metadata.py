"""Metadata in a hash: every verb is one script."""

from __future__ import annotations

from ..metadata_store import MetadataStore
from .bulk import Call
from .rows import text as decoded


class RedisMetadata(MetadataStore):
    """The metadata of a RedisEngine."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def _get(self, key: str) -> str | None:
        found = self._call("get_metadata", key)
        return None if found is None else decoded(found)

    def _set(self, key: str, text: str) -> None:
        self._call("set_metadata", key, text)

    def _delete(self, key: str) -> bool:
        return bool(self._call("delete_metadata", key))

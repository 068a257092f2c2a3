"""sqlite3's errors, sorted by what they mean for the request."""

from __future__ import annotations

import sqlite3

from ...errors import LightjobsError, SchemaOutdated, StoreUnavailable

_WRONG = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG)
"""The codes of a statement, or of a trigger that it started, that is wrong or asks too much."""


def kind_of(error: sqlite3.Error) -> type[LightjobsError]:
    """The class of ours that `error` belongs to."""
    text = str(error)
    if text.startswith(("no such table", "no such column")) or "has no column" in text:
        return SchemaOutdated
    lasting = (sqlite3.InterfaceError, sqlite3.IntegrityError, sqlite3.ProgrammingError)
    if isinstance(error, lasting) or getattr(error, "sqlite_errorcode", 0) & 0xFF in _WRONG:
        return LightjobsError
    return StoreUnavailable

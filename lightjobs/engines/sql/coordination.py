"""Locks in the table `job_locks`, and the hits in `job_limits`. The SQL is in `queries/`."""

from __future__ import annotations

import hashlib

from ..coordination import CoordinationStore
from .database import Database, repeatable, undone

NAME_BYTES = 255
"""Width of the columns `name`."""


class SqlCoordination(CoordinationStore):
    """The locks and counted hits of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @repeatable
    def acquire(self, name: str, owner: str, seconds: float) -> bool:
        params = {"name": stored_name(name), "owner": owner, "seconds": seconds}
        return bool(self._db.rows("acquire_lock", params))

    @repeatable
    def extend(self, name: str, owner: str, seconds: float) -> bool:
        params = {"name": stored_name(name), "owner": owner, "seconds": seconds}
        return self._db.run("extend_lock", params) > 0

    @undone
    def release(self, name: str, owner: str) -> bool:
        return self._db.run("release_lock", {"name": stored_name(name), "owner": owner}) > 0

    @repeatable
    def is_locked(self, name: str) -> bool:
        return bool(self._db.rows("find_lock", {"name": stored_name(name)}))

    @repeatable
    def hits(self, key: str) -> tuple[int, float]:
        rows = self._db.rows("hits", {"key": stored_name(key)})
        return (int(rows[0][0]), float(rows[0][1])) if rows else (0, 0.0)

    @undone
    def forget(self) -> None:
        """Delete the locks that are over."""
        self._db.run("forget_locks", {})


def stored_name(key: str) -> str:
    """`key`, or its digest if an indexed column might not hold the key itself."""
    if key.isascii() and len(key) <= NAME_BYTES and "\0" not in key:
        return key
    return f"sha256:{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}"

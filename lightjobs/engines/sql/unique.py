"""The keys of unique jobs in the table `job_keys`. The SQL is in `queries/`."""

from __future__ import annotations

from ...model import KeyHolder
from ..unique_store import UniqueStore
from .database import Database, repeatable, undone
from .tied_push import PART, holds, key_holder

MOST = 20
"""Parts of PART keys that one call of `forget` looks at."""


class SqlUnique(UniqueStore):
    """The keys of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._after = ""
        """How far the last call of `forget` came."""

    @repeatable
    def holder(self, key: str) -> KeyHolder | None:
        rows = self._db.rows("find_key", {"key": key})
        return key_holder(rows[0]) if rows and holds(rows[0][2], rows[0][4]) else None

    @undone
    def unlock(self, key: str) -> KeyHolder | None:
        with self._db.transaction():
            self._db.run("lock_keys", {"keys": self._db.dialect.packed([key])})
            found = self.holder(key)
            self._db.run("delete_key", {"key": key})
            return found

    def forget(self) -> int:
        total = 0
        for _ in range(MOST):
            seen, forgotten = self._forget()
            total += forgotten
            if seen < PART:
                self._after = ""
                break
        return total

    @undone
    def _forget(self) -> tuple[int, int]:
        """Look at one part of the keys; returns how many were seen, and how many deleted."""
        with self._db.transaction():
            found = self._db.rows("lock_keys_after", {"after": self._after, "limit": PART})
            names = [name for (name,) in found]
            if not names:
                return 0, 0
            # By a later statement than the lock: whoever had a key locked before has committed.
            packed = self._db.dialect.packed
            taken = self._db.rows("key_holders", {"keys": packed(names)})
            # A job that is there may go back to its queue, and then holds its key again.
            kept = {row[0] for row in taken if row[4] is not None or holds(row[2], row[4])}
            free = [name for name in names if name not in kept]
            if free:
                self._db.run("delete_keys", {"keys": packed(free)})
            self._after = names[-1]
            return len(names), len(free)

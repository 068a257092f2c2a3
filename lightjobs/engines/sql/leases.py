"""Workers and their leases: registering, beating, and recovering the jobs of dead workers."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...errors import StoreUnavailable
from ..store import MAX_RECOVERIES, WORKER_LOST
from .database import Database, repeatable, undone

BEAT_TRIES = 10
"""How many times a beat tries to extend the lease of a worker whose row is locked."""

LOCKED_SECONDS = 0.01
"""The pause after a try. A claim, which locks its worker's row, takes about as long."""


class Leases:
    """The verbs `register`, `beat` and `recover` of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @undone
    def register(self, worker: str, lease: float) -> None:
        """See JobStore.register."""
        self._db.run("register", {"worker": worker, "lease": lease})

    def beat(self, workers: Sequence[str], lease: float) -> list[str]:
        """See JobStore.beat.

        Each worker has a transaction of its own and none waits for a lock. All beats were one
        transaction once, and waited ten seconds for each row: a child that was stopped in the
        middle of its claim, which locks its worker's row, let the leases of all its siblings run
        out. A row that stays locked cannot be recovered either.
        """
        left, lost = list(workers), []
        for number in range(BEAT_TRIES):
            if number:
                time.sleep(LOCKED_SECONDS)
            locked = [worker for worker in left if not self._extend(worker, lease)]
            left = [worker for worker in locked if self._db.rows("known", {"worker": worker})]
            lost += [worker for worker in locked if worker not in left]
            if not left:
                return [worker for worker in workers if worker in lost]
        raise StoreUnavailable(
            f"{self._db.label}: another transaction locks the lease of {', '.join(left)}"
        )

    @repeatable
    def _extend(self, worker: str, lease: float) -> bool:
        """Extend a lease, unless the row is locked or gone. Returns whether it was extended."""
        with self._db.transaction():
            if not self._db.rows("lock_lease", {"worker": worker}):
                return False
            self._db.run("beat", {"worker": worker, "lease": lease})
            return True

    @undone
    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        """See JobStore.recover."""
        if worker is not None:
            with self._db.transaction():
                return self._recover(worker)
        with self._db.transaction():
            ((back,),) = self._db.rows("jump", {})
            if back > lease:
                self._db.run("shift_leases", {"seconds": back})
            ((may_recover,),) = self._db.rows("sweep", {"lease": lease})
            self._db.run("forget_limits", {})
            if not may_recover:
                return 0
            dead = self._db.rows("expired", {})
            return sum(self._recover(worker) for (worker,) in dead)

    def _recover(self, worker: str) -> int:
        # First: this waits for a claim of that worker that is under way, and no claim can follow.
        self._db.run("unregister", {"worker": worker})
        self._db.run("let_all_go", {"worker": worker})
        failed = self._db.run(
            "recover_fail",
            {"worker": worker, "limit": MAX_RECOVERIES, "exception": WORKER_LOST},
        )
        return failed + self._db.run("recover", {"worker": worker})

"""Workers and their leases: registering, beating, and recovering the jobs of dead workers."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from ...errors import StoreUnavailable
from ...notes.attempt_errors import lost_pieces
from ..store import MAX_RECOVERIES, WORKER_LOST
from .batch_looks import BatchLooks
from .database import Database, repeatable, undone
from .following import Following

BEAT_TRIES = 10
"""How many times a beat tries to extend the lease of a worker whose row is locked."""

LOCKED_SECONDS = 0.01
"""The pause after a try. A claim, which locks its worker's row, takes about as long."""


class Leases:
    """The verbs `register`, `beat` and `recover` of a SqlEngine."""

    def __init__(self, database: Database, looks: BatchLooks) -> None:
        self._db = database
        self._looks = looks
        self._following = Following(database)

    @undone
    def register(self, worker: str, lease: float) -> None:
        """See JobStore.register."""
        self._db.run("register", {"worker": worker, "lease": lease})

    def beat(self, workers: Sequence[str], lease: float, notes: Mapping[str, str]) -> list[str]:
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
            locked = [each for each in left if not self._extend(each, lease, notes.get(each))]
            left = [worker for worker in locked if self._db.rows("known", {"worker": worker})]
            lost += [worker for worker in locked if worker not in left]
            if not left:
                return [worker for worker in workers if worker in lost]
        raise StoreUnavailable(
            f"{self._db.label}: another transaction locks the lease of {', '.join(left)}"
        )

    @repeatable
    def _extend(self, worker: str, lease: float, note: str | None) -> bool:
        """Extend a lease and keep the note, if there is one, unless the row is locked or gone.
        Returns whether it was extended."""
        with self._db.transaction():
            if not self._db.rows("lock_lease", {"worker": worker}):
                return False
            self._db.run("beat", {"worker": worker, "lease": lease, "note": note})
            return True

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        """See JobStore.recover."""
        recovered, later = self._recover_in_one_step(worker, lease)
        self._looks.after(later)
        return recovered

    @undone
    def _recover_in_one_step(self, worker: str | None, lease: float) -> tuple[int, list[str]]:
        """Also returns batches to look at now that this is committed."""
        batches: list[str] = []
        with self._db.transaction():
            dead = self._dead(lease) if worker is None else [worker]
            recovered = sum(self._recover(each, batches) for each in dead)
            return recovered, self._looks.inside(batches)

    def _dead(self, lease: float) -> list[str]:
        """The workers whose leases have expired, if it is time to look."""
        ((back,),) = self._db.rows("jump", {})
        if back > lease:
            self._db.run("shift_leases", {"seconds": back})
        ((may_recover,),) = self._db.rows("sweep", {"lease": lease})
        self._db.run("forget_limits", {})
        return [worker for (worker,) in self._db.rows("expired", {})] if may_recover else []

    def _recover(self, worker: str, batches: list[str]) -> int:
        """Adds to `batches` those of the jobs that have failed."""
        # First: this waits for a claim of that worker that is under way, and no claim can follow.
        self._db.run("unregister", {"worker": worker})
        self._db.run("let_all_go", {"worker": worker})
        head, middle, tail = lost_pieces(worker)
        params = {"worker": worker, "head": head, "middle": middle, "tail": tail}
        limit = {"limit": MAX_RECOVERIES, "exception": WORKER_LOST}
        lost = self._db.rows("lost_ties", {"worker": worker, "limit": MAX_RECOVERIES})
        failed = self._db.run("recover_fail", {**params, **limit})
        if lost:
            batches += self._following.failures(lost)
        return failed + self._db.run("recover", params)

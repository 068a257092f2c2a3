"""Batches in the table `job_batches`. The SQL is in `queries/`.

What a batch has come to follows from the rows of its jobs. No settlement writes to the batch's row
before the end, so that no row is hot. See batch_looks.py for how the end is seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from ...model import NewBatch, NewJob, Status, StoredBatch
from .. import answer_limit
from ..batch_store import BATCHES_KEPT_SECONDS, BatchStore
from ..delivery import Patience, deliver
from ..rare_looks import RareLooks
from .batch_looks import BatchLooks
from .batch_work import add, push_batch
from .database import Database, repeatable, undone
from .requests import Work, carry_out
from .rows import Row
from .tied_push import PART

_T = TypeVar("_T")

LATEST = 1e15
"""A moment after any other."""


class SqlBatches(BatchStore):
    """The batches of a SqlEngine."""

    def __init__(
        self, database: Database, looks: BatchLooks, enqueue_timeout: float, name: str
    ) -> None:
        """`name` is the engine's."""
        self._db = database
        self._enqueue_timeout = enqueue_timeout
        self._name = name
        self._looks = looks
        self._rarely = RareLooks()

    def push(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        ids = self._deliver(lambda: push_batch(self._db.dialect, batch, jobs), len(jobs))
        if batch.parent is not None:
            self._looks.after([batch.parent])
        return ids or []

    def add(self, batch_id: str, jobs: Sequence[NewJob]) -> list[str]:
        return self._deliver(lambda: add(self._db.dialect, batch_id, jobs), len(jobs))

    def _deliver(self, work: Callable[[], Work[_T]], count: int) -> _T:
        def push(patience: Patience) -> _T:
            with answer_limit.at_most(patience.seconds), self._db.transaction():
                return carry_out(work(), self._db)

        return deliver(push, count, self._enqueue_timeout, self._name)

    def find(self, batch_id: str) -> StoredBatch | None:
        rows = self._rows("find_batch", id=batch_id)
        return self._stored(rows[0]) if rows else None

    def browse(self, limit: int = 50, after: StoredBatch | None = None) -> list[StoredBatch]:
        created, batch_id = (LATEST, "") if after is None else (after.created_at, after.id)
        rows = self._rows("browse_batches", created=created, id=batch_id, limit=limit)
        return [self._stored(row) for row in rows]

    @repeatable
    def _rows(self, name: str, **params: str | float) -> list[Row]:
        return self._db.rows(name, params)

    def _stored(self, row: Row) -> StoredBatch:
        batch_id, name, parent, allow_failures, called, created_at, ended_at, cancelled_at = row
        counts = Counter(dict(self._rows("count_batch", id=batch_id)))
        waiting = counts[Status.NEW] + counts[Status.PAUSED]
        running = counts[Status.QUEUED] + counts["inner open"]
        failed = counts[Status.FAILED] + counts["inner failed"] + counts["removed failed"]
        cancelled = counts[Status.CANCELLED] + counts["inner cancelled"]
        cancelled += counts["removed cancelled"]
        return StoredBatch(
            batch_id,
            name,
            parent,
            bool(allow_failures),
            total=counts["total"],
            waiting=waiting,
            running=running,
            done=counts["total"] - waiting - running - failed - cancelled,
            failed=failed,
            cancelled=cancelled,
            called=tuple(called.split()),
            created_at=created_at,
            ended_at=ended_at,
            cancelled_at=cancelled_at,
        )

    def inner(self, batch_id: str) -> list[str]:
        return [str(inner) for (inner,) in self._rows("inner_batches", parent=batch_id)]

    @undone
    def note_cancelled(self, batch_id: str) -> bool:
        return self._db.run("cancel_batch", {"id": batch_id}) > 0

    def advance(self) -> int:
        return self._rarely.look(self._advance_all)

    def _advance_all(self) -> int:
        calls, after = 0, ""
        while found := self._rows("open_batches", after=after, limit=PART):
            ids = [str(batch_id) for (batch_id,) in found]
            calls += sum(map(self._looks.catch_up, ids))
            after = ids[-1]
        return calls

    def forget(self, seconds: float = BATCHES_KEPT_SECONDS) -> int:
        total = 0
        while forgotten := self._forget(seconds):
            total += forgotten
            if forgotten < PART:
                break
        return total

    @undone
    def _forget(self, seconds: float) -> int:
        with self._db.transaction():
            rows = self._db.rows("old_batches", {"seconds": seconds, "limit": PART})
            for (batch_id,) in rows:
                self._db.run("delete_batch", {"id": batch_id})
            return len(rows)

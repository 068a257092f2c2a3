"""The specification of batches, in plain Python."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ..errors import BatchEnded
from ..model import NewBatch, NewJob, Status, Step, StoredBatch, callbacks_due
from ..process import clock
from .batch_store import BATCHES_KEPT_SECONDS, BatchStore
from .memory_jobs import MemoryJob


@dataclass(slots=True)
class MemoryBatch:
    """A batch as the memory engine keeps it."""

    new: NewBatch
    total: int = 0
    jobs: dict[int, MemoryJob] = field(default_factory=dict)
    """Its jobs that are there, by their numbers."""
    removed_failed: int = 0
    removed_cancelled: int = 0
    """Jobs that were removed after they had failed, or before they were done."""
    called: list[str] = field(default_factory=list)
    created_at: float = field(default_factory=clock.now)
    ended_at: float | None = None
    cancelled_at: float | None = None


class MemoryBatches(BatchStore):
    """The batches of a MemoryEngine, under its lock."""

    def __init__(
        self,
        changed: threading.Condition,
        push: Callable[[Sequence[NewJob]], list[str]],
        push_step: Callable[[Step], None],
    ) -> None:
        """`push` and `push_step` are those of the engine."""
        self._changed = changed
        self._push = push
        self._push_step = push_step
        self._batches: dict[str, MemoryBatch] = {}

    def push(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        with self._changed:
            if batch.id in self._batches:
                return []
            self._batches[batch.id] = stored = MemoryBatch(batch)
            try:
                ids = self._push(jobs)
            except BaseException:
                del self._batches[batch.id]
                raise
            stored.total = len(stored.jobs)
            self.changed([batch.id])
            return ids

    def add(self, batch_id: str, jobs: Sequence[NewJob]) -> list[str]:
        with self._changed:
            batch = self._batches.get(batch_id)
            if batch is None:
                raise BatchEnded(f"there is no batch {batch_id}")
            if batch.cancelled_at is not None or batch.ended_at is not None:
                how = "has ended" if batch.cancelled_at is None else "was cancelled"
                raise BatchEnded(f"the batch {batch_id} {how}")
            before = len(batch.jobs)
            ids = self._push(jobs)
            batch.total += len(batch.jobs) - before
            return ids

    def note_stored(self, job: MemoryJob) -> None:
        """Note that a job was stored."""
        if (batch := self._batch_of(job)) is not None:
            batch.jobs[job.birth] = job

    def note_removed(self, job: MemoryJob) -> None:
        """Note that a job is removed, with the status that it has; one that is done has none but
        COMPLETED."""
        if (batch := self._batch_of(job)) is None:
            return
        del batch.jobs[job.birth]
        if job.status == Status.FAILED:
            batch.removed_failed += 1
        elif job.status != Status.COMPLETED:
            batch.removed_cancelled += 1

    def _batch_of(self, job: MemoryJob) -> MemoryBatch | None:
        flow = job.new.flow
        return None if flow is None or flow.batch is None else self._batches.get(flow.batch)

    def changed_with(self, jobs: Iterable[MemoryJob]) -> None:
        """Push what is due of the batches of `jobs`, whose statuses have changed."""
        flows = [job.new.flow for job in jobs]
        self.changed(flow.batch for flow in flows if flow is not None and flow.batch is not None)

    def changed(self, batch_ids: Iterable[str]) -> int:
        """Push what is due of these batches, and of those that they are part of. Returns how many
        callbacks that were."""
        pushed = 0
        for batch_id in dict.fromkeys(batch_ids):
            if (batch := self._batches.get(batch_id)) is not None:
                pushed += self._advance(batch)
        return pushed

    def _advance(self, batch: MemoryBatch) -> int:
        now = self._stored(batch)
        unfinished = now.waiting + now.running
        due = callbacks_due(
            unfinished, now.failed, now.cancelled, batch.new.allow_failures, batch.called
        )
        batch.called += due
        for name in due:
            for step in getattr(batch.new, name):
                self._push_step(step)
        if (batch.ended_at is None) == (unfinished > 0):
            return len(due)
        batch.ended_at = None if unfinished else clock.now()
        # After its callbacks, one of which may go on with a chain that is part of that one.
        return len(due) + (self.changed([batch.new.parent]) if batch.new.parent else 0)

    def _stored(self, batch: MemoryBatch) -> StoredBatch:
        counts = dict.fromkeys(Status, 0)
        for job in batch.jobs.values():
            counts[job.status] += 1
        inner = [self._stored(each) for each in self._inner(batch)]
        running = counts[Status.QUEUED] + sum(each.ended_at is None for each in inner)
        ended = [each for each in inner if each.ended_at is not None]
        failed = counts[Status.FAILED] + batch.removed_failed + sum(map(_has_failed, ended))
        cancelled = counts[Status.CANCELLED] + batch.removed_cancelled
        cancelled += sum(each.cancelled > 0 and not _has_failed(each) for each in ended)
        waiting = counts[Status.NEW] + counts[Status.PAUSED]
        return StoredBatch(
            *batch.new[:4],
            total=batch.total,
            waiting=waiting,
            running=running,
            done=batch.total - waiting - running - failed - cancelled,
            failed=failed,
            cancelled=cancelled,
            called=tuple(batch.called),
            created_at=batch.created_at,
            ended_at=batch.ended_at,
            cancelled_at=batch.cancelled_at,
        )

    def _inner(self, batch: MemoryBatch) -> list[MemoryBatch]:
        return [each for each in self._batches.values() if each.new.parent == batch.new.id]

    def find(self, batch_id: str) -> StoredBatch | None:
        with self._changed:
            batch = self._batches.get(batch_id)
            return None if batch is None else self._stored(batch)

    def browse(self, limit: int = 50, after: StoredBatch | None = None) -> list[StoredBatch]:
        with self._changed:
            found = [self._stored(batch) for batch in self._batches.values()]
        found.sort(key=_place, reverse=True)
        if after is not None:
            found = [batch for batch in found if _place(batch) < _place(after)]
        return found[:limit]

    def inner(self, batch_id: str) -> list[str]:
        with self._changed:
            parents = {each.new.id: each.new.parent for each in self._batches.values()}
        return [inner for inner, parent in parents.items() if parent == batch_id]

    def note_cancelled(self, batch_id: str) -> bool:
        with self._changed:
            batch = self._batches.get(batch_id)
            if batch is None or batch.ended_at is not None or batch.cancelled_at is not None:
                return False
            batch.cancelled_at = clock.now()
            return True

    def advance(self) -> int:
        with self._changed:
            return self.changed(list(self._batches))

    def forget(self, seconds: float = BATCHES_KEPT_SECONDS) -> int:
        with self._changed:
            before = clock.now() - seconds
            over = [
                batch_id
                for batch_id, batch in self._batches.items()
                if batch.ended_at is not None and batch.ended_at < before
            ]
            for batch_id in over:
                del self._batches[batch_id]
            return len(over)


def _has_failed(batch: StoredBatch) -> bool:
    return batch.failed > 0


def _place(batch: StoredBatch) -> tuple[float, str]:
    """The place of a batch in the list."""
    return batch.created_at, batch.id

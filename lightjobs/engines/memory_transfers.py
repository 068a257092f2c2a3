"""The specification of transfers, in plain Python."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..model import NewJob, Status, Unique, row_number, utc_text
from ..process import clock
from .memory_jobs import MemoryJob, batch_of, stored_of
from .memory_queues import MemoryQueues
from .memory_unique import MemoryUnique
from .transfer_store import (
    Departure,
    Transfer,
    TransferEnded,
    TransferStore,
    arriving,
    key_held,
    unix,
)


@dataclass
class _Leaving:
    """A transfer from this store."""

    transfer: Transfer
    is_open: bool = True
    left: int = 0
    moving: dict[int, MemoryJob] = field(default_factory=dict)
    staying: list[MemoryJob] = field(default_factory=list)


class MemoryTransfers(TransferStore):
    """Takes jobs out of a MemoryEngine, and adds jobs to it, under its lock."""

    def __init__(
        self,
        changed: threading.Condition,
        jobs: dict[int, MemoryJob],
        births: Iterator[int],
        queues: MemoryQueues,
        unique: MemoryUnique,
    ) -> None:
        self._changed = changed
        self._jobs = jobs
        self._births = births
        self._queues = queues
        self._unique = unique
        self._leaving: _Leaving | None = None
        self._arrived: dict[str, int] = {}

    def begin(self, transfer: str, target: str) -> Transfer:
        with self._changed:
            if self._leaving is None:
                self._leaving = _Leaving(Transfer(transfer, target))
            return self._leaving.transfer

    def _found(self, transfer: str) -> _Leaving | None:
        found = self._leaving
        return found if found is not None and found.transfer.id == transfer else None

    def take(self, transfer: str, status: str, queue: str | None, most: int) -> int:
        with self._changed:
            leaving = self._found(transfer)
            if leaving is None or not leaving.is_open:
                raise TransferEnded("the transfer was ended by another process")
            fitting = [job for job in self._movable(status, queue) if batch_of(job) is None]
            fitting.sort(key=lambda job: (-job.new.priority, job.due, job.birth))
            for job in fitting[:most]:
                leaving.moving[job.birth] = self._unique.away[job.birth] = self._jobs.pop(job.birth)
            return len(fitting[:most])

    def _movable(self, status: str, queue: str | None) -> list[MemoryJob]:
        return [
            job
            for job in self._jobs.values()
            if job.status == status and queue in (None, job.new.queue) and job.worker is None
        ]

    def batched(self, status: str, queue: str | None) -> list[str]:
        with self._changed:
            found = self._movable(status, queue)
            return [str(job.birth) for job in found if batch_of(job) is not None]

    def taken(self, transfer: str) -> tuple[int, list[Departure]]:
        with self._changed:
            leaving = self._found(transfer)
            if leaving is None:
                return 0, []
            return leaving.left, list(map(self._departure, leaving.moving.values()))

    def _departure(self, job: MemoryJob) -> Departure:
        left = self._unique.seconds_left(job)
        return Departure(stored_of(job), job.due, job.new.flow, left)

    def leave(self, transfer: str, ids: Sequence[str]) -> None:
        with self._changed:
            if leaving := self._found(transfer):
                for job in _removed(leaving, ids):
                    self._unique.release(job)
                    del self._unique.away[job.birth]
                    leaving.left += 1

    def stay(self, transfer: str, ids: Sequence[str]) -> None:
        with self._changed:
            if leaving := self._found(transfer):
                leaving.staying += _removed(leaving, ids)

    def close(self, transfer: str) -> None:
        with self._changed:
            if leaving := self._found(transfer):
                leaving.is_open = False

    def end(self, transfer: str) -> int:
        with self._changed:
            leaving = self._found(transfer)
            if leaving is None:
                return 0
            for job in leaving.staying:
                del self._unique.away[job.birth]
                self._put(job)
            self._leaving = None
            return len(leaving.staying)

    def _put(self, job: MemoryJob) -> None:
        self._jobs[job.birth] = job
        if job.status == Status.NEW:
            self._queues.add(job)
        self._changed.notify_all()

    def expect(self, transfer: str) -> None:
        with self._changed:
            self._arrived.setdefault(transfer, 0)

    def arrive(self, transfer: str, first: int, jobs: Sequence[Departure]) -> bool:
        with self._changed:
            if transfer not in self._arrived:
                return False
            new = arriving(self._arrived[transfer], first, jobs)
            keys = {job: unique for job in new if (unique := _key_taken(job))}
            for unique in keys.values():
                if (holder := self._unique.holder(unique.key)) is not None:
                    raise key_held(unique.key, holder.job_id)
            for job in new:
                birth = next(self._births)
                self._put(_arrived(birth, job))
                if job in keys:
                    self._unique.take(keys[job], str(birth))
            self._arrived[transfer] += len(new)
            return True

    def forget(self, transfer: str) -> bool:
        with self._changed:
            return self._arrived.pop(transfer, None) is not None


def _removed(leaving: _Leaving, ids: Sequence[str]) -> list[MemoryJob]:
    births = filter(leaving.moving.__contains__, map(row_number, ids))
    return [leaving.moving.pop(birth) for birth in births]


def _key_taken(departure: Departure) -> Unique | None:
    """The key that the job takes where it arrives, for as long as it would have held it."""
    unique = None if departure.flow is None else departure.flow.unique
    if unique is None or departure.key_seconds is None:
        return None
    return unique._replace(seconds=departure.key_seconds)


def _arrived(birth: int, departure: Departure) -> MemoryJob:
    job = departure.job
    basics = (job.handler, job.queue, job.payload, departure.due, job.priority, job.options)
    new = NewJob(*basics, departure.flow)
    now = clock.now()
    return MemoryJob(
        birth,
        new,
        now if departure.due is None else departure.due,
        job.created_at or utc_text(now),
        Status(job.status),
        job.attempts,
        recoveries=job.recoveries,
        exception=job.exception,
        failed_at=unix(job.failed_at),
        errors=job.error_lines,
        result=job.result_text,
        progress=job.progress_text,
        kept_until=job.kept_until,
    )

"""The specification of what is seen of jobs, in plain Python."""

from __future__ import annotations

import math
import threading
from collections import Counter
from functools import partial

from ..model import STATUSES, Cursor, Group, Status, Stored, row_number, utc_text
from ..process import clock
from .memory_jobs import MemoryJob, group_of, stored_of
from .moves import ENDED
from .where import Where, error_class


class MemoryLooks:
    """Sees the jobs of a MemoryEngine under its lock."""

    def __init__(self, changed: threading.Condition, jobs: dict[int, MemoryJob]) -> None:
        self._changed = changed
        self._jobs = jobs

    def matching(self, where: Where) -> list[MemoryJob]:
        """The jobs that fit `where`."""
        jobs = list(self._jobs.values())
        if where.job_id is not None:
            found = self._jobs.get(row_number(where.job_id))
            jobs = [found] if found else []
        before = None if where.before is None else utc_text(where.before)
        return [
            job
            for job in jobs
            if where.queue in (None, job.new.queue)
            and where.handler in (None, job.new.handler)
            and where.status in (None, job.status)
            and where.worker in (None, job.worker)
            and (where.batch is None or where.batch == (job.new.flow and job.new.flow.batch))
            and where.exception in (None, error_class(job.exception))
            and (where.ids is None or str(job.birth) in where.ids)
            and not (where.unkept and job.kept_until is not None)
            and (before is None or _dated(job) < before)
        ]

    def count(self, where: Where) -> int:
        """See JobStore.count."""
        where.needed_status()
        with self._changed:
            return len(self.matching(where))

    def stats(self) -> dict[str, dict[str, int]]:
        """See JobStore.stats."""
        with self._changed:
            counts: dict[str, dict[str, int]] = {}
            now = clock.now()
            for job in self._jobs.values():
                queue = counts.setdefault(job.new.queue, dict.fromkeys((*STATUSES, "delayed"), 0))
                queue[job.status] += 1
                queue["delayed"] += job.status == Status.NEW and job.due > now
            return dict(sorted(counts.items()))

    def find(self, job_id: str) -> Stored | None:
        """See JobStore.find."""
        with self._changed:
            return next((stored_of(job) for job in self.matching(Where(job_id=job_id))), None)

    def browse(self, where: Where, limit: int = 50, after: Cursor | None = None) -> list[Stored]:
        """See JobStore.browse."""
        ended = where.needed_status() in ENDED
        with self._changed:
            jobs = sorted(self.matching(where), key=partial(_place, ended), reverse=ended)
        if after is not None:
            before_all = math.inf if ended else -1
            behind = after.moment, row_number(after.id) if after.id else before_all
            jobs = [job for job in jobs if (_place(ended, job) < behind) == ended]
            jobs = [job for job in jobs if _place(ended, job) != behind]
        return [stored_of(job) for job in jobs[:limit]]

    def groups(self, queue: str) -> list[Group]:
        """See JobStore.groups."""
        waiting: Counter[str | None] = Counter()
        running: Counter[str | None] = Counter()
        with self._changed:
            for job in self._jobs.values():
                if job.new.queue == queue and job.status in (Status.NEW, Status.QUEUED):
                    counts = waiting if job.status == Status.NEW else running
                    counts[group_of(job)] += 1
        names = sorted({*waiting, *running}, key=lambda name: (name is not None, name or ""))
        if names in ([], [None]):
            return []
        return [Group(name, waiting[name], running[name]) for name in names]


def _place(ended: bool, job: MemoryJob) -> tuple[str, int]:
    """The place of a job in the list of those that have ended, or that have not."""
    return utc_text(job.failed_at or 0 if ended else job.due), job.birth


def _dated(job: MemoryJob) -> str:
    """When the job ended, or else was created."""
    return job.created_at if job.failed_at is None else utc_text(job.failed_at)

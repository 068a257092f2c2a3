"""The specification of the keys of unique jobs, in plain Python."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ..errors import JobExists
from ..model import KeyHolder, NewJob, Status, Unique, row_number
from ..process import clock
from .memory_jobs import MemoryJob
from .unique_store import UniqueStore

_WAITS = (Status.NEW, Status.PAUSED)
_HELD_WHILE = {"waiting": _WAITS, "active": (*_WAITS, Status.QUEUED), "window": tuple(Status)}
"""For each scope the statuses in which a job holds its key."""


class MemoryUnique(UniqueStore):
    """Sees the jobs of a MemoryEngine under its lock."""

    def __init__(self, changed: threading.Condition, jobs: dict[int, MemoryJob]) -> None:
        self._changed = changed
        self._jobs = jobs
        self.away: dict[int, MemoryJob] = {}
        """The jobs that are on their way to another store. They hold what they held before."""
        self._taken: dict[str, KeyHolder] = {}
        """For each key the job that took it last, which need not hold it any more."""

    def holder(self, key: str) -> KeyHolder | None:
        with self._changed:
            taken = self._taken.get(key)
            return taken if taken is not None and self._holds(taken) else None

    def _holds(self, taken: KeyHolder) -> bool:
        if taken.until <= clock.now():
            return False
        number = row_number(taken.job_id)
        job = self._jobs.get(number) or self.away.get(number)
        if job is None:
            return taken.scope == "window"
        return job.status in _HELD_WHILE[taken.scope]

    def _is_over(self, taken: KeyHolder) -> bool:
        """Whether the job can hold the key no more, whatever becomes of it."""
        is_there = row_number(taken.job_id) in {**self._jobs, **self.away}
        return not self._holds(taken) and (taken.until <= clock.now() or not is_there)

    def take(self, unique: Unique, job_id: str) -> None:
        """Let the job hold the key from now on."""
        until = clock.now() + unique.seconds
        self._taken[unique.key] = KeyHolder(unique.key, job_id, unique.scope, until)

    def may_take(self, job: MemoryJob) -> bool:
        """Whether the job has no key, or may have it again."""
        flow = job.new.flow
        if flow is None or flow.unique is None:
            return True
        holder = self.holder(flow.unique.key)
        return holder is None or holder.job_id == str(job.birth)

    def seconds_left(self, job: MemoryJob) -> float | None:
        """For how much longer the job holds its key; None if it holds none."""
        flow = job.new.flow
        holder = None if flow is None or flow.unique is None else self.holder(flow.unique.key)
        if holder is None or holder.job_id != str(job.birth):
            return None
        return holder.until - clock.now()

    def release(self, job: MemoryJob) -> None:
        """Free the key that the job holds, if it does."""
        if self.seconds_left(job) is not None and job.new.flow and job.new.flow.unique:
            del self._taken[job.new.flow.unique.key]

    def refuse_taken(self, jobs: Sequence[NewJob]) -> None:
        """Raise JobExists if one of `jobs`, of which none is stored yet, is to be refused."""
        keys = set()
        for new in jobs:
            unique = None if new.flow is None else new.flow.unique
            if unique is None:
                continue
            holder = self.holder(unique.key) if unique.when_taken == "refuse" else None
            if holder is not None:
                raise JobExists(holder.job_id, unique.key)
            if unique.when_taken == "refuse" and unique.key in keys:
                raise JobExists("", unique.key)
            keys.add(unique.key)

    def unlock(self, key: str) -> KeyHolder | None:
        with self._changed:
            found = self.holder(key)
            self._taken.pop(key, None)
            return found

    def forget(self) -> int:
        with self._changed:
            free = [key for key, taken in self._taken.items() if self._is_over(taken)]
            for key in free:
                del self._taken[key]
            return len(free)

"""The specification of results and progress, in plain Python."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from ..model import Status, row_number
from ..process import clock
from .memory_jobs import MemoryJob
from .moves import ENDED
from .result_store import Key, ResultStore


class MemoryResults(ResultStore):
    """Sees the jobs of a MemoryEngine under its lock."""

    def __init__(
        self,
        changed: threading.Condition,
        jobs: dict[int, MemoryJob],
        remove: Callable[[MemoryJob], None],
    ) -> None:
        """`remove` is that of the engine."""
        self._changed = changed
        self._jobs = jobs
        self._remove = remove

    def note_progress(self, worker: str, notes: Mapping[Key, str]) -> None:
        with self._changed:
            for (job_id, fence), text in notes.items():
                job = self._jobs.get(row_number(job_id))
                if job is None or job.status != Status.QUEUED:
                    continue
                if job.worker == worker and job.fence == fence:
                    job.progress = text

    def forget(self) -> int:
        with self._changed:
            over = [job for job in self._jobs.values() if _is_over(job)]
            for job in over:
                self._remove(job)
        return len(over)

    def status(self, job_id: str) -> str | None:
        with self._changed:
            job = self._jobs.get(row_number(job_id))
            return None if job is None else job.status

    def wait(self, job_id: str, seconds: float) -> None:
        with self._changed:
            job = self._jobs.get(row_number(job_id))
            if job is not None and job.status not in ENDED:
                self._changed.wait(seconds)


def _is_over(job: MemoryJob) -> bool:
    if job.status != Status.COMPLETED or job.kept_until is None:
        return False
    return job.kept_until <= clock.now()

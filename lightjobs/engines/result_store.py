"""What runs tell of themselves: their progress while they last, and what becomes of results."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from ..model import Stored

Key = tuple[str, int]
"""The id and fence of a run."""


class ResultStore(ABC):
    """The part of a store for results and progress, reached as `engine.results`. Results come with
    the outcomes of runs and are found with their jobs."""

    @abstractmethod
    def note_progress(self, worker: str, notes: Mapping[Key, str]) -> None:
        """Keep the texts of `notes` (see `run_notes`) with those of the runs that `worker` still
        has, in place of former ones. They stay until the job runs anew and tells of another, or is
        retried by hand."""

    @abstractmethod
    def forget(self) -> int:
        """Delete the completed jobs that were kept on their own account, once that time is over, in
        bounded parts, and return their number."""

    @abstractmethod
    def status(self, job_id: str) -> str | None:
        """The status of a job, without reading the rest of it; None if there is no such job."""

    def wait(self, job_id: str, seconds: float) -> None:
        """Return after `seconds`, or as soon as it is known that the job has ended. The caller
        looks again in any case. A store that is not told of it sleeps."""
        time.sleep(seconds)


class NoResults(ResultStore):
    """Of an engine that keeps neither: no jobs at all, or none on their own account."""

    def __init__(self, find: Callable[[str], Stored | None]) -> None:
        """`find` is that of the engine."""
        self._find = find

    def note_progress(self, worker: str, notes: Mapping[Key, str]) -> None:
        pass

    def forget(self) -> int:
        return 0

    def status(self, job_id: str) -> str | None:
        job = self._find(job_id)
        return None if job is None else job.status

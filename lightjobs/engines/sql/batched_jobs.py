"""Verbs over many jobs, as far as they are about jobs of batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...model import STATUSES, Status
from .batch_looks import BatchLooks
from .database import Database, repeatable, undone
from .statements import where as condition
from .tied_push import parts


class BatchedJobs:
    """Finds, changes and deletes jobs of batches."""

    def __init__(self, database: Database, looks: BatchLooks) -> None:
        self._db = database
        self._looks = looks

    @repeatable
    def batches(self, params: dict[str, Any]) -> list[str]:
        """The batches of the jobs that `params` names by their ids, whatever their statuses."""
        which = condition(STATUSES, *params, "batched")
        return [str(batch) for (batch,) in self._db.look("batches_of", params, which)]

    def change(self, name: str, params: dict[str, Any], which: str, batches: list[str]) -> int:
        """Run the statement of verb `name`, which changes jobs of these batches and of no others,
        and push what is due of them in the same step; returns how many jobs it changed."""
        changed, later = self._change(name, params, which, batches)
        self._looks.after(later)
        return changed

    @undone
    def _change(
        self, name: str, params: dict[str, Any], which: str, batches: list[str]
    ) -> tuple[int, list[str]]:
        with self._db.transaction():
            changed = self._db.run(name, params, which)
            return changed, self._looks.inside(batches)

    def purge(self, status: str, params: dict[str, Any]) -> Iterator[int]:
        """Delete the jobs of batches that have `status` and fit the filters in `params`, part by
        part; yields how many. They are counted with their batches in the same step."""
        for ids in parts(self.ids(status, params, "free")):
            purged, later = self._purge(status, list(ids))
            self._looks.after(later)
            yield purged

    @repeatable
    def ids(self, status: str, params: dict[str, Any], *more: str) -> list[int]:
        """The jobs of batches that have `status` and fit the filters in `params` and `more`."""
        which = condition((status,), *params, "batched", *more)
        return sorted(int(number) for (number,) in self._db.look("keyed_ids", params, which))

    @undone
    def _purge(self, status: str, ids: list[int]) -> tuple[int, list[str]]:
        bound = self._db.dialect.bound_ids
        which = condition((status,), "ids", "free")
        with self._db.transaction():
            jobs = self._db.rows("batched_jobs", {"ids": bound(ids)}, which)
            if not jobs:
                return 0, []
            batches = Counter(str(batch) for _id, batch in jobs)
            for batch_id, number in sorted(batches.items()):
                failed, cancelled = (number, 0) if status == Status.FAILED else (0, number)
                params = {"id": batch_id, "failed": failed, "cancelled": cancelled}
                self._db.run("add_removed", params)
            numbers = bound([int(job[0]) for job in jobs])
            purged = self._db.run("purge", {"ids": numbers, "limit": len(jobs)}, which)
            return purged, self._looks.inside(batches)

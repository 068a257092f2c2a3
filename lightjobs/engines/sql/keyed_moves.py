"""Jobs with a key that become like new ones: they take their keys again, if nobody holds them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .batch_looks import BatchLooks
from .batched_jobs import BatchedJobs
from .database import Database, repeatable, undone
from .rows import Row
from .statements import where as condition
from .tied_push import PART, holds, parts


class KeyedMoves:
    """The moves `retry` and `rerun` of jobs with a key."""

    def __init__(self, database: Database, batched: BatchedJobs, looks: BatchLooks) -> None:
        self._db = database
        self._batched = batched
        self._looks = looks

    def move(self, statuses: tuple[str, ...], params: dict[str, Any], spread: int) -> Iterator[int]:
        """Move the jobs that have one of `statuses` and fit the filters in `params`, part by part;
        yields how many each part moved. A job whose key another one holds stays as it is."""
        for status in statuses:
            for ids in parts(self._ids(status, params)):
                batches = self._batched.batches({"ids": self._db.dialect.bound_ids(ids)})
                moved, later = self._move(status, list(ids), spread, batches)
                self._looks.after(later)
                yield moved

    @repeatable
    def _ids(self, status: str, params: dict[str, Any]) -> list[int]:
        which = condition((status,), *params, "keyed")
        return sorted(int(number) for (number,) in self._db.look("keyed_ids", params, which))

    @undone
    def _move(
        self, status: str, ids: list[int], spread: int, batches: list[str]
    ) -> tuple[int, list[str]]:
        """Returns how many it moved, and batches to look at now that this is committed."""
        params = {"ids": self._db.dialect.bound_ids(ids)}
        which = condition((status,), "ids", "keyed")
        packed = self._db.dialect.packed
        with self._db.transaction():
            # As in a push: the keys in the order of their names, and then the jobs.
            jobs = sorted(self._db.rows("keyed_jobs", params, which))
            names = sorted({key for _id, key, _scope, _seconds in jobs})
            if not names:
                return 0, []
            self._db.run("lock_keys", {"keys": packed(names)})
            held = self._db.rows("key_holders", {"keys": packed(names)})
            mine = _free(jobs, {row[0]: int(row[1]) for row in held if holds(row[2], row[4])})
            if not mine:
                return 0, []
            numbers = self._db.dialect.bound_ids([job[0] for job in mine])
            taken = [[key, number, scope, seconds] for number, key, scope, seconds in mine]
            self._db.run("take_keys", {"keys": packed(taken)})
            given = {"ids": numbers, "spread": spread, "limit": PART}
            return self._db.run("fresh", given, which), self._looks.inside(batches)


def _free(jobs: list[Row], held: dict[str, int]) -> list[Row]:
    """The first of the `jobs` with each key that nobody else holds."""
    found: dict[str, Row] = {}
    for job in jobs:
        if held.get(job[1], job[0]) == job[0]:
            found.setdefault(job[1], job)
    return list(found.values())

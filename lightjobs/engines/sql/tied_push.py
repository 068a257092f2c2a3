"""Pushing jobs that are tied to others: by a key, a group or a batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...errors import JobExists
from ...model import KeyHolder, NewJob, Status, Unique
from .dialect import Dialect
from .requests import Ask, Insert, Run, Work
from .rows import Row, moment, tied_row

PART = 1000
"""Keys that one statement takes."""

_WAITS = (Status.NEW, Status.PAUSED)
_HELD_WHILE = {"waiting": _WAITS, "active": (*_WAITS, Status.QUEUED)}
"""For each scope but "window" the statuses in which a job holds its key."""


def are_tied(jobs: Iterable[NewJob]) -> bool:
    """Whether any of the jobs is tied to others. Nearly all pushes have none, so this is quick."""
    return any(job.flow is not None for job in jobs)


def holds(scope: str, status: str | None) -> bool:
    """Whether a job with `status` (None: it is gone) holds a key whose time is not over."""
    return scope == "window" or status in _HELD_WHILE.get(scope, ())


def unique_of(job: NewJob) -> Unique | None:
    """The key of a job, if it has one."""
    return None if job.flow is None else job.flow.unique


class TiedPush:
    """One push. Keys are locked in the order of their names before any job is touched, and who
    holds them is looked up by a later statement: it sees what those who had them locked before
    have stored."""

    def __init__(self, dialect: Dialect, jobs: Sequence[NewJob], is_callers: bool = False) -> None:
        """`is_callers`: whether the transaction is a caller's."""
        self._looks_now = is_callers and dialect.snapshots
        self._pack = dialect.packed
        self._jobs = jobs
        self._holders: dict[str, str] = {}
        """The id of the job that holds each key, once that is known."""
        self.stored = 0
        """How many of the jobs were stored."""

    def work(self) -> Work[list[str]]:
        """Store the jobs, and return their ids or those of the jobs that hold their keys."""
        taken = yield from self._taken()
        self._refuse(taken)
        yield from self._replace(taken)
        found = self._to_store()
        self.stored = len(found)
        numbers: Sequence[int] = ()
        if found:
            numbers = yield Insert(list(map(tied_row, found.values())))
        ids = dict(zip(found, map(str, numbers), strict=True))
        mine = []
        for place, job_id in ids.items():
            if unique := unique_of(self._jobs[place]):
                self._holders[unique.key] = job_id
                mine.append([unique.key, int(job_id), unique.scope, unique.seconds])
        for part in parts(mine):
            yield Run("take_keys", {"keys": self._pack(part)})
        return [ids.get(place) or self._holder(job) for place, job in enumerate(self._jobs)]

    def _holder(self, job: NewJob) -> str:
        unique = unique_of(job)
        assert unique is not None
        return self._holders[unique.key]

    def _taken(self) -> Work[dict[str, Row]]:
        """Lock the keys; the rows of key_holders for those that others hold."""
        names = sorted({unique.key for job in self._jobs if (unique := unique_of(job))})
        taken: dict[str, Row] = {}
        for part in parts(names):
            yield Run("lock_keys", {"keys": self._pack(part)})
        for row in (yield from self._takers(names)):
            _name, job_id, scope, _until, status = row
            if holds(scope, status):
                taken[row[0]] = row
                self._holders[row[0]] = str(job_id)
        return taken

    def _takers(self, names: Sequence[str]) -> Work[list[Row]]:
        """The rows of key_holders."""
        rows: list[Row] = []
        if self._looks_now:
            for name in names:
                rows += yield Ask("find_key_now", {"key": self._pack([name])})
            return rows
        for part in parts(names):
            rows += yield Ask("key_holders", {"keys": self._pack(part)})
        return rows

    def _refuse(self, taken: dict[str, Row]) -> None:
        """Raise JobExists for a job that wants that, before anything is changed."""
        seen = set(taken)
        for job in self._jobs:
            if unique := unique_of(job):
                if unique.key in seen and unique.when_taken == "refuse":
                    raise JobExists(self._holders.get(unique.key, ""), unique.key)
                seen.add(unique.key)

    def _replace(self, taken: dict[str, Row]) -> Work[None]:
        """Give the holders that wait what the last job that wants that brings."""
        last = {}
        for job in self._jobs:
            unique = unique_of(job)
            if unique and unique.key in taken and unique.when_taken == "replace":
                last[unique.key] = (job, unique)
        for key, (job, unique) in sorted(last.items()):
            _name, job_id, scope, _until, status = taken[key]
            if status not in _WAITS or not (yield Ask("waiting_job", {"id": int(job_id)})):
                continue
            due, us = (None, 0) if job.due is None else moment(job.due)
            given = [int(job_id), job.payload, due, us, job.priority]
            yield Run("replace_job", {"job": self._pack(given)})
            if scope != "window":
                renewed = [key, int(job_id), unique.scope, unique.seconds]
                yield Run("take_keys", {"keys": self._pack([renewed])})

    def _to_store(self) -> dict[int, NewJob]:
        """The jobs to store by their places: of those with one key the first, if nobody holds it,
        with what a later one that replaces it brings."""
        places: dict[str, int] = {}
        found: dict[int, NewJob] = {}
        for place, job in enumerate(self._jobs):
            unique = unique_of(job)
            first = place if unique is None else places.setdefault(unique.key, place)
            if first == place and (unique is None or unique.key not in self._holders):
                found[place] = job
            elif first in found and unique is not None and unique.when_taken == "replace":
                found[first] = found[first]._replace(
                    payload=job.payload, due=job.due, priority=job.priority
                )
        return found


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """`values` in parts of up to PART."""
    for start in range(0, len(values), PART):
        yield values[start : start + PART]


def key_holder(row: Row) -> KeyHolder:
    """A row of key_holders."""
    name, job_id, scope, until, _status = row
    return KeyHolder(name, str(job_id), scope, float(until))

"""Looking up jobs: one by its id, or those of a status in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...model import STATUSES, Status, Stored, utc_text
from ..moves import ENDED
from ..where import Where
from .bulk import PART, Call, argument, listed
from .rows import stored, text

ASIDE = "aside"
"""The status that is shown for a job that cannot be read."""


class Lookup:
    """The verbs `find` and `browse` of a RedisEngine."""

    def __init__(self, call: Call, execute: Call, prefix: str) -> None:
        self._call = call
        self._execute = execute
        self._prefix = prefix

    def find(self, job_id: str) -> Stored | None:
        """See JobStore.find."""
        found = self._stored([argument(job_id)])
        return found[0] if found else self._aside(job_id)

    def _aside(self, job_id: str) -> Stored | None:
        """A job that could not be read and was set aside, with the reason as its exception."""
        reason = self._execute("HGET", f"{self._prefix}aside", argument(job_id))
        if reason is None:
            return None
        return Stored(
            id=job_id,
            handler="",
            queue="",
            payload="",
            status=ASIDE,
            attempts=0,
            priority=0,
            created_at="",
            scheduled_at="",
            exception=f"set aside: {text(reason)}",
            failed_at=None,
            recoveries=0,
            worker=None,
            options=None,
        )

    def browse(self, where: Where, limit: int) -> list[Stored]:
        """See JobStore.browse."""
        status = where.needed_status()
        if status not in STATUSES:
            return []
        found = [
            job
            for key in listed(self._call, status, where.queue)
            for job in self._listed(key, status, where, limit)
        ]
        if status in ENDED:
            # Each list is ordered more finely than the text. The sort is stable and keeps that.
            return sorted(found, key=_ended_at, reverse=True)[:limit]
        return sorted(found, key=_by_due)[:limit]

    def _listed(self, key: bytes, status: str, where: Where, limit: int) -> list[Stored]:
        jobs: list[Stored] = []
        start = 0
        while len(jobs) < limit and (ids := self._ids(key, start, status)):
            start += len(ids)
            jobs += [job for job in self._stored(ids) if _fits(job, where)]
        return jobs

    def _ids(self, key: bytes, start: int, status: str) -> list[bytes]:
        """A part of a list, from the place `start` on. The first part of a worker's claims is all
        of them."""
        found: list[bytes] = []
        if status != Status.QUEUED:
            command = "ZREVRANGE" if status in ENDED else "ZRANGE"
            found = self._execute(command, key, start, start + PART - 1)
        elif start == 0:
            _, found = self._call("part", key, "", "", PART)
        return found

    def _stored(self, ids: Iterable[Any]) -> list[Stored]:
        return stored(self._call("browse", *ids))


def _fits(job: Stored, where: Where) -> bool:
    """The same test as `fits` in bulk.lua."""
    dated = (job.failed_at if job.status in ENDED else job.created_at) or ""
    return (
        job.status == where.status
        and where.queue in (None, job.queue)
        and where.handler in (None, job.handler)
        and (where.before is None or dated < utc_text(where.before))
    )


def _ended_at(job: Stored) -> str:
    return job.failed_at or ""


def _by_due(job: Stored) -> tuple[str, str]:
    return job.scheduled_at, job.id

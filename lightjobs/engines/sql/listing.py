"""Lists of jobs, page by page."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from ...model import STATUSES, Cursor, Status, row_number
from ..failures import Failure
from ..moves import ENDED
from ..where import Where
from .bulk import Bulk, filters, names_jobs
from .database import Database, repeatable
from .rows import Row
from .statements import where as condition

FEW = 20_000
"""Jobs of a status that MySQL and MariaDB are made to sort, in some tenths of a second."""

_HIGHEST_ID = 2**63 - 1

_LEAST, _PART = 20, 500
"""How many failed jobs of a queue are read at once, at first and then."""


class Listing:
    """The verb `browse` of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @repeatable
    def browse(self, where: Where, limit: int, after: Cursor | None) -> list[Row]:
        """See JobStore.browse. Returns the fields of a Stored for each job."""
        status = where.needed_status()
        params = filters(where, self._db.dialect)
        names = list(params)
        if after is not None:
            place = _place(after, status in ENDED)
            if place is None:
                return []
            params |= place
            names.append("after")
        if status not in STATUSES:
            return []
        steps = {"status": status, "first": where.queue or "", "all": where.queue is None}
        params |= {**steps, "limit": limit}
        return self._db.look(self._statement(status, where), params, condition((status,), *names))

    def failures(self, most: int) -> Iterator[Failure]:
        """See Engine.failures. They are read queue by queue, each in the order of its index."""
        queues = list(Bulk(self._db).queues(Status.FAILED))
        size = max(_LEAST, min(_PART, most // len(queues)))
        parts = [self._failures_in(queue, size) for queue in queues]
        latest_first = heapq.merge(*parts, key=lambda job: job.failed_at or "", reverse=True)
        return islice(latest_first, most)

    def _failures_in(self, queue: str, size: int) -> Iterator[Failure]:
        params: dict[str, Any] = {"queue": queue}
        while True:
            rows = self._failures(params, size)
            for job_id, *rest in rows:
                yield Failure(str(job_id), *rest)
            place = None
            if len(rows) == size:
                place = _place(Cursor(rows[-1][2] or "", str(rows[-1][0])), ended=True)
            if place is None:
                return
            params, size = {"queue": queue, **place}, _PART

    @repeatable
    def _failures(self, params: dict[str, Any], size: int) -> list[Row]:
        names = ["queue", "after"] if "after" in params else ["queue"]
        which = condition((Status.FAILED,), *names)
        return self._db.look("failures", {**params, "limit": size}, which)

    def _statement(self, status: str, where: Where) -> str:
        """The statement that reads the jobs from an index in their order, if there is one: queue by
        queue, and waiting jobs also priority by priority. Of running jobs there are few."""
        ended = status in ENDED
        if not names_jobs(where):
            if self._db.dialect.steps:
                if ended:
                    return "browse_ended_steps"
                if status == Status.NEW:
                    return "browse_new_steps"
            elif ended and self._are_few(status, where.queue):
                return "browse_few_ended"
        return "browse_ended" if ended else "browse"

    def _are_few(self, status: str, queue: str | None) -> bool:
        params = {} if queue is None else {"queue": queue}
        which = condition((status,), *params)
        ((count,),) = self._db.look("count_few", {**params, "most": FEW}, which)
        return int(count) < FEW


def _place(after: Cursor, ended: bool) -> dict[str, Any] | None:
    """The parameters of the filter "after"; None for a moment that is none."""
    try:
        moment = datetime.fromisoformat(after.moment)
    except ValueError:
        return None
    before_all = _HIGHEST_ID if ended else -1
    return {
        "after": moment.replace(tzinfo=None, microsecond=0).isoformat(" "),
        "after_id": row_number(after.id) if after.id else before_all,
    }

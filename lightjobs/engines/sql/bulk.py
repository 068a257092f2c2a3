"""Verbs over many jobs, a part at a time, so that no lock is held for long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...model import PRIORITIES, STATUSES, Status, row_number, utc_text
from ..moves import legal_move, legal_purge
from ..store import Progress
from ..where import Where
from .database import Database, repeatable, undone
from .rows import Row
from .statements import where as condition

PART = 5000
"""Rows that one statement touches."""


class Bulk:
    """The bulk verbs of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def move(self, name: str, where: Where, progress: Progress | None) -> int:
        """See JobStore.move."""
        move = legal_move(name, where)
        statement = "fresh" if move.fresh else name
        if where.job_id is not None:
            # In one step: whatever becomes of the job in between, it is in one of the sources.
            return self._one(statement, move.sources, where, progress)
        return sum(self._many(statement, status, where, progress) for status in move.sources)

    def purge(self, where: Where, progress: Progress | None) -> int:
        """See JobStore.purge."""
        status = legal_purge(where)
        if where.job_id is not None:
            return self._one("purge", (status,), where, progress, "free")
        return self._many("purge", status, where, progress, "free")

    def count(self, where: Where) -> int:
        """See JobStore.count."""
        status = where.needed_status()
        if status not in STATUSES:
            return 0
        params = filters(where)
        return self._counted(params, condition((status,), *params))

    def serve_all_priorities(self) -> None:
        """Give the normal priority to jobs that have none of the five: no claim asks for others."""
        for queue in self._queues(Status.NEW):
            for priority in self._priorities(queue):
                if priority not in PRIORITIES.values():
                    params = {"queue": queue, "priority": priority}
                    which = condition((Status.NEW,), *params)
                    while self.part("normalize", {**params, "limit": PART}, which):
                        pass

    def _priorities(self, queue: str) -> Iterator[Any]:
        """The priorities of the jobs that wait in `queue`."""
        params: dict[str, Any] = {"queue": queue}
        while found := self._next_priority(params):
            ((params["beyond"],),) = found
            yield params["beyond"]

    @repeatable
    def _next_priority(self, params: dict[str, Any]) -> list[Row]:
        return self._db.rows("next_priority", params, condition((Status.NEW,), *params))

    def _one(
        self,
        name: str,
        statuses: tuple[str, ...],
        where: Where,
        progress: Progress | None,
        *more: str,
    ) -> int:
        if not statuses:
            return 0
        params = filters(where)
        which = condition(statuses, *params, *more)
        return _told(self.part(name, {**params, "limit": 1}, which), progress)

    def _many(
        self, name: str, status: str, where: Where, progress: Progress | None, *more: str
    ) -> int:
        """Queue by queue, so that each part is an index range. No more jobs are touched than there
        were at first, the oldest first: with those that workers add in the meantime this might
        never end."""
        total = 0
        for queue in self._queues(status) if where.queue is None else [where.queue]:
            params = filters(where.of(queue=queue))
            which = condition((status,), *params, *more)
            left = self._counted(params, which)
            while left > 0 and (
                touched := self.part(name, {**params, "limit": min(PART, left)}, which)
            ):
                left -= touched
                total += _told(touched, progress)
        return total

    def _queues(self, status: str) -> Iterator[str]:
        """The queues that have jobs with `status`, and perhaps some that do not."""
        queue: str | None = ""  # sorts before all others, and PHP may use it
        while queue is not None:
            yield queue
            queue = self._next_queue(status, queue)

    @repeatable
    def _next_queue(self, status: str, after: str) -> str | None:
        ((queue,),) = self._db.rows("next_queue", {"after": after}, condition((status,)))
        return None if queue is None else str(queue)

    @repeatable
    def _counted(self, params: dict[str, Any], which: str) -> int:
        ((number,),) = self._db.rows("count", params, which)
        return int(number)

    @undone
    def part(self, name: str, params: dict[str, Any], which: str = "") -> int:
        """Run the statement of verb `name` on one part, up to :limit jobs, and return how many it
        touched."""
        return self._db.run(name, params, which)


def filters(where: Where) -> dict[str, Any]:
    """The parameters of the filters that are given, the status left out; their names are those of
    the filters in `statements`."""
    given = {
        "id": None if where.job_id is None else row_number(where.job_id),
        "queue": where.queue,
        "handler": where.handler,
        "before": None if where.before is None else utc_text(where.before),
    }
    return {name: value for name, value in given.items() if value is not None}


def _told(touched: int, progress: Progress | None) -> int:
    if touched and progress is not None:
        progress(touched)
    return touched

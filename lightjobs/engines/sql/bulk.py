"""Verbs over many jobs, a part at a time, so that no lock is held for long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ...model import PRIORITIES, STATUSES, Status, row_number, utc_text
from ..moves import legal_move, legal_purge
from ..store import Progress
from ..where import Where
from .batch_looks import BatchLooks
from .batched_jobs import BatchedJobs
from .database import Database, repeatable, undone
from .dialect import Dialect
from .keyed_moves import KeyedMoves
from .rows import Params, Row
from .statements import where as condition

PART = 5000
"""Rows that one statement touches."""


_UNSEEN_BY_BATCHES = ("pause", "resume", "requeue", "purge")
"""The verbs that change nothing for the batches of the jobs: these wait, or run, before and after.
Jobs that count for their batches are purged elsewhere."""


class Verb(NamedTuple):
    """A statement that touches jobs."""

    name: str
    params: Params = {}
    """Its parameters besides the filters."""


class Bulk:
    """The bulk verbs of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database
        looks = BatchLooks(database)
        self._batched = BatchedJobs(database, looks)
        self._keyed = KeyedMoves(database, self._batched, looks)

    def move(self, name: str, where: Where, progress: Progress | None, spread: int) -> int:
        """See JobStore.move."""
        move = legal_move(name, where, spread)
        if move.fresh:
            return self._freshened(move.sources, where, progress, spread)
        if name in _UNSEEN_BY_BATCHES and not names_jobs(where):
            return sum(self._many(Verb(name), status, where, progress) for status in move.sources)
        return self._moved(Verb(name), move.sources, where, progress)

    def _freshened(
        self, sources: tuple[str, ...], where: Where, progress: Progress | None, spread: int
    ) -> int:
        """Jobs that become like new ones. Those with a key, which are rare, go one by one."""
        verb = Verb("fresh", {"spread": spread})
        total = 0
        for part in _parts(where):
            params = filters(part, self._db.dialect)
            for touched in self._keyed.move(sources, params, spread):
                total += _told(touched, progress)
        return total + self._moved(verb, sources, where, progress, "keyless")

    def _moved(
        self,
        verb: Verb,
        sources: tuple[str, ...],
        where: Where,
        progress: Progress | None,
        *more: str,
    ) -> int:
        """Jobs that batches see move. Those that are part of one, which are rare, go by their
        ids."""
        if names_jobs(where):
            # In one step: whatever becomes of a job in between, it is in one of the sources.
            return self._named(verb, sources, where, progress, *more)
        total = 0
        for status in sources:
            ids = self._batched.ids(status, filters(where, self._db.dialect), *more)
            if ids:
                named = where.of(ids=tuple(map(str, ids)))
                total += self._named(verb, (status,), named, progress, *more)
            if where.batch is None:
                total += self._many(verb, status, where, progress, "unbatched", *more)
        return total

    def purge(self, where: Where, progress: Progress | None) -> int:
        """See JobStore.purge."""
        status = legal_purge(where)
        total, filtered = 0, ["free"]
        if status != Status.COMPLETED:  # those are done, also for their batches
            filtered.append("unbatched")
            for part in _parts(where):
                for touched in self._batched.purge(status, filters(part, self._db.dialect)):
                    total += _told(touched, progress)
        if names_jobs(where):
            return total + self._named(Verb("purge"), (status,), where, progress, *filtered)
        return total + self._many(Verb("purge"), status, where, progress, *filtered)

    def count(self, where: Where) -> int:
        """See JobStore.count."""
        status = where.needed_status()
        if status not in STATUSES:
            return 0
        params = filters(where, self._db.dialect)
        return self._counted(params, condition((status,), *params))

    def serve_all_priorities(self) -> None:
        """Give the normal priority to jobs that have none of the five: no claim asks for others."""
        for queue in self.queues(Status.NEW):
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

    def _named(
        self,
        verb: Verb,
        statuses: tuple[str, ...],
        where: Where,
        progress: Progress | None,
        *more: str,
    ) -> int:
        """The jobs that `where` names by their ids."""
        if not statuses:
            return 0
        total = 0
        is_seen = verb.name not in _UNSEEN_BY_BATCHES and "unbatched" not in more
        for part in _parts(where):
            params = filters(part, self._db.dialect)
            which = condition(statuses, *params, *more)
            given = {**verb.params, **params, "limit": PART}
            if batches := self._batched.batches(params) if is_seen else []:
                touched = self._batched.change(verb.name, given, which, batches)
            else:
                touched = self.part(verb.name, given, which)
            total += _told(touched, progress)
        return total

    def _many(
        self, verb: Verb, status: str, where: Where, progress: Progress | None, *more: str
    ) -> int:
        """Queue by queue, so that each part is an index range. No more jobs are touched than there
        were at first, the oldest first: with those that workers add in the meantime this might
        never end."""
        total = 0
        for queue in self.queues(status) if where.queue is None else [where.queue]:
            params = filters(where.of(queue=queue), self._db.dialect)
            which = condition((status,), *params, *more)
            left = self._counted(params, which)
            given = {**verb.params, **params}
            while left > 0 and (
                touched := self.part(verb.name, {**given, "limit": min(PART, left)}, which)
            ):
                left -= touched
                total += _told(touched, progress)
        return total

    def queues(self, status: str) -> Iterator[str]:
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
        ((number,),) = self._db.look("count", params, which)
        return int(number)

    @undone
    def part(self, name: str, params: dict[str, Any], which: str = "") -> int:
        """Run the statement of verb `name` on one part, up to :limit jobs, and return how many it
        touched."""
        return self._db.run(name, params, which)


def names_jobs(where: Where) -> bool:
    """Whether `where` names jobs by their ids: they are found by these, whatever else it says."""
    return where.job_id is not None or where.ids is not None


def _parts(where: Where) -> Iterator[Where]:
    """`where` with a part of its ids each."""
    if where.ids is None:
        yield where
        return
    ids = list(dict.fromkeys(where.ids))
    for start in range(0, len(ids), PART):
        yield where.of(ids=tuple(ids[start : start + PART]))


def filters(where: Where, dialect: Dialect) -> dict[str, Any]:
    """The parameters of the filters that are given, the status left out; their names are those of
    the filters in `statements`."""
    ids = None if where.ids is None else [row_number(job_id) for job_id in where.ids]
    given = {
        "id": None if where.job_id is None else row_number(where.job_id),
        "queue": where.queue,
        "handler": where.handler,
        "worker": where.worker,
        "exception": where.exception,
        "ids": None if ids is None else dialect.bound_ids(ids or [row_number("")]),
        "before": None if where.before is None else utc_text(where.before),
        "unkept": where.unkept or None,
        "batch": where.batch,
    }
    return {name: value for name, value in given.items() if value is not None}


def _told(touched: int, progress: Progress | None) -> int:
    if touched and progress is not None:
        progress(touched)
    return touched

"""Claims from PostgreSQL.

At READ COMMITTED a statement does not see what others claim meanwhile. Claims from a group that has
a limit therefore exclude each other by advisory locks, which end with the transaction, and count in
a statement of their own. Where there are no limits, one statement does it all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ...model import PRIORITIES
from .database import TryAgain
from .groups import Claiming, Found, Place, Turns, in_turns, lock_number, place_in_turns
from .rows import Params, Row
from .waiting import SECOND, US, with_waits

if TYPE_CHECKING:
    from .postgres import Postgres

_HIGHEST_FIRST = sorted(PRIORITIES.values(), reverse=True)

_by_claim_order = itemgetter(12, 13, 9, 10, 11)
_by_due_time = itemgetter(12, 13, SECOND, US)
_by_age = itemgetter(9, 10, 11)
_id = itemgetter(11)
_now = itemgetter(14)
_head = itemgetter(13)


class PostgresClaims:
    """The claims of one engine."""

    def __init__(self, db: Postgres) -> None:
        self._db = db
        self._turns = Turns()
        self._had_groups = False
        """Whether the last claim has met jobs of groups, so that the next one looks for them at
        once."""
        self._had_limits = False
        """Whether it has met groups with a limit, which one statement cannot claim from."""

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str]
    ) -> list[Row]:
        """See Database.claim."""
        places = _places(tuple(queues))
        if self._had_groups:
            return self._claim_in_turns(worker, places, limit, skip)
        params = {"worker": worker, "limit": limit, "skip": list(skip), **places}
        rows = self._db.rows("claim", params, self._db.dialect.skip if skip else "")
        if not rows:
            params = {"worker": worker, "queues": list(queues)}
            ((is_known, is_grouped),) = self._db.rows("nothing", params)
            if not is_known:
                raise self._db.unknown(worker)
            return self._claim_in_turns(worker, places, limit, skip) if is_grouped else []
        rows.sort(key=_by_claim_order)  # RETURNING has no order of its own
        now = next(filter(None, map(_now, rows)), 0.0)
        return with_waits(rows, now, _by_due_time)

    def _claim_in_turns(
        self, worker: str, places: Params, limit: int, skip: Sequence[str]
    ) -> list[Row]:
        """Claim jobs of groups, and others next to them."""
        claimed = [] if self._had_limits else self._claim_at_once(worker, places, limit, skip)
        if len(claimed) == limit:
            return claimed
        try:
            return claimed + self._claim_step_by_step(worker, places, limit - len(claimed), skip)
        except TryAgain:
            if not claimed:
                raise
            return claimed  # these are not undone

    def _claim_at_once(
        self, worker: str, places: Params, limit: int, skip: Sequence[str]
    ) -> list[Row]:
        """Claim by one statement from the first queue and priority with a due job, beginning with
        the group whose turn it is."""
        visits = {place: self._turns.visit(place, limit) for place in places["each"]}
        params = {"worker": worker, "limit": limit, "skip": list(skip), **places}
        params |= {
            "afters": _array(visit.after for visit in visits.values()),
            "most": _array(str(visit.most) for visit in visits.values()),
            "fewer": _array(str(visit.fewer) for visit in visits.values()),
        }
        rows = self._db.rows("claim_turns", params, self._db.dialect.skip if skip else "")
        if not rows:
            return []
        head = next(filter(None, map(_head, rows)))
        number, found, is_grouped, now = head.split()
        self._had_groups = is_grouped == "1"
        place = places["each"][int(number) - 1]
        visit = visits[place]
        jobs: dict[str | None, list[Row]] = defaultdict(list)
        for row in sorted(rows, key=_by_age):  # RETURNING has no order of its own
            jobs[row[12]].append(row)
        rows = in_turns(sorted(jobs, key=partial(place_in_turns, after=visit.after)), jobs)
        is_whole_circle = int(found) < visit.most
        visited = int(found) if is_whole_circle else min(int(found), visit.fewer)
        has_all = len(rows) == limit
        self._turns.note(place, rows[-1][12], visited, limit, has_all, is_whole_circle)
        return with_waits(rows, float(now), _id)

    def _claim_step_by_step(
        self, worker: str, places: Params, limit: int, skip: Sequence[str]
    ) -> list[Row]:
        """Claim by several statements from all queues and priorities, also where limits apply."""
        claimed: list[Row] = []
        with self._db.transaction():
            due = self._db.rows("group_places", places)
            # Other threads may note otherwise at the same time: both ways of claiming are right.
            self._had_groups = any(is_grouped for _, _, is_grouped, _ in due)
            claiming = PostgresClaiming(self._db, worker, skip)
            for queue, priority, is_grouped, is_plain in due:
                if (left := limit - len(claimed)) > 0:
                    place = Place(queue, priority)
                    claiming.has_groups = is_grouped
                    claimed += self._turns.claim(claiming, place, left, is_plain)
            if due and not claimed:
                claiming.need_worker()
            self._had_limits = claiming.has_limits
        return claimed


class PostgresClaiming(Claiming):
    """A claim from groups, in a transaction."""

    has_limits = False
    """Whether groups with a limit were met."""
    has_groups = True
    """Whether jobs of groups are due in the queue and priority that is asked about."""

    def __init__(self, db: Postgres, worker: str = "", skip: Sequence[str] = ()) -> None:
        self._db = db
        self._worker = worker
        self._skip = list(skip)
        self._where = db.dialect.skip if skip else ""
        self._heads: dict[str | None, Found] = {}
        """The first jobs of the groups that `names` has returned since `first` was asked."""
        self._is_alone = True
        """Whether nobody else has claimed a job that this claim wanted."""

    def names(self, place: Place, after: str, until: str | None, limit: int) -> list[str]:
        if not self.has_groups:
            return []
        params = {**place._asdict(), "after": after, "until": until, "limit": limit}
        rows = self._db.rows("group_heads", {**params, "skip": self._skip}, self._where)
        self._heads.update((row[0], Found._make(row)) for row in rows)
        return [row[0] for row in rows]

    def first(self, place: Place, groups: Sequence[str | None], quota: int) -> Iterator[Found]:
        heads, self._heads = [self._heads.get(name) for name in groups], {}
        if quota == 1 and self._is_alone:
            free = [head for head in heads if head is not None and head.at_once is None]
            if len(free) == len(groups):
                return iter(free)  # `take` locks them
        names = [name for name in groups if name is not None]
        params = {**place._asdict(), "quota": quota, "skip": self._skip}
        params |= {"groups": names, "plain": len(names) < len(groups)}
        return map(Found._make, self._db.rows("group_jobs", params, self._where))

    def running(self, place: Place, groups: Sequence[str]) -> Mapping[str, int]:
        self.has_limits = True
        schema = self._db.dialect.tables["jobs"]
        numbers = {name: lock_number(schema, place.queue, name) for name in groups}
        keys = sorted(set(numbers.values()))
        taken = {number for (number,) in self._db.rows("group_locks", {"keys": keys})}
        ours = [name for name, number in numbers.items() if number in taken]
        return dict(
            self._db.rows("group_running", {"queue": place.queue, "groups": ours}) if ours else ()
        )

    def take(self, ids: Sequence[int]) -> list[Row]:
        params = {"worker": self._worker, "ids": list(ids)}
        order = {number: place for place, number in enumerate(ids)}
        rows = sorted(self._db.rows("claimed", params), key=lambda row: order[row[11]])
        self._is_alone = self._is_alone and len(rows) == len(ids)
        if not rows:
            self.need_worker()
            return []
        return with_waits(rows, rows[0][12], _id)

    def need_worker(self) -> None:
        """Raises UnknownWorker if the worker is not registered, which is why a claim may have taken
        nothing."""
        if not self._db.rows("known", {"worker": self._worker}):
            raise self._db.unknown(self._worker)


@cache
def _places(queues: tuple[str, ...]) -> dict[str, Any]:
    """Each queue with each priority, in the order to serve, as two arrays of equal length, and as
    values in "each"."""
    each = [Place(queue, priority) for queue in queues for priority in _HIGHEST_FIRST]
    priorities = _array(str(place.priority) for place in each)
    return {"queues": _array(place.queue for place in each), "priorities": priorities, "each": each}


def _array(values: Iterable[str | None]) -> str:
    """An array as text: psycopg takes 40 us of CPU to write the lists of one claim."""
    return f"{{{','.join(map(_element, values))}}}"


def _element(value: str | None) -> str:
    if value is None:
        return "NULL"
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'

"""Claims from a SQLite file. The write lock makes each of them the only one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from ...model import PRIORITIES
from .groups import Claiming, Found, Place
from .rows import Row
from .sqlite_dialect import clock
from .statements import query
from .waiting import by_due_time, with_waits

if TYPE_CHECKING:
    from .groups import Turns
    from .sqlite import Sqlite

_HIGHEST_FIRST = sorted(PRIORITIES.values(), reverse=True)

_by_claim_order = itemgetter(9, 10, 11)
_id = itemgetter(11)


def claim(
    db: Sqlite, turns: Turns, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str]
) -> list[Row]:
    """See Database.claim."""
    claimed: list[Row] = []
    with db.transaction() as connection:
        if not db.rows("registered", {"worker": worker}):
            raise db.unknown(worker)
        params = {"worker": worker, "skip": json.dumps(skip), **clock()}
        sql = query("claim", db.dialect, db.dialect.skip if skip else "")
        paused = {queue for (queue,) in db.rows("paused_queues", {})}
        grouped = set(map(Place._make, db.rows("grouped", {"queues": json.dumps(queues)})))
        for queue in queues:
            if queue in paused:
                continue
            for priority in _HIGHEST_FIRST:
                left = limit - len(claimed)
                if left <= 0:
                    return claimed
                if grouped and (place := Place(queue, priority)) in grouped:
                    claiming = SqliteClaiming(db, worker, skip)
                    claimed += turns.claim(claiming, place, left, True)
                    continue
                params |= {"queue": queue, "priority": priority, "limit": left}
                # RETURNING has no order of its own
                rows = sorted(connection.execute(sql, params), key=_by_claim_order)
                claimed += with_waits(rows, params["unix"], by_due_time)
    return claimed


class SqliteClaiming(Claiming):
    """A claim from groups, in a transaction."""

    def __init__(self, db: Sqlite, worker: str = "", skip: Sequence[str] = ()) -> None:
        self._db = db
        self._worker = worker
        self._skip = json.dumps(skip)
        self._where = db.dialect.skip if skip else ""
        self._heads: dict[str, Found] = {}
        """The first jobs of the groups that `names` has returned since `first` was asked."""

    def names(self, place: Place, after: str, until: str | None, limit: int) -> list[str]:
        params = {**place._asdict(), "after": after, "until": until, "limit": limit}
        rows = self._db.rows("group_heads", {**params, "skip": self._skip}, self._where)
        self._heads.update((row[0], Found._make(row)) for row in rows)
        return [row[0] for row in rows]

    def first(self, place: Place, groups: Sequence[str | None], quota: int) -> Iterator[Found]:
        heads, self._heads = self._heads, {}
        if quota > 1:
            return self._first(place, groups, quota)
        plain = self._first(place, [None], 1) if None in groups else ()
        return chain(plain, (heads[name] for name in groups if name is not None))

    def _first(self, place: Place, groups: Sequence[str | None], quota: int) -> Iterator[Found]:
        params = {**place._asdict(), "quota": quota, "skip": self._skip}
        params["groups"] = json.dumps(groups)
        return map(Found._make, self._db.rows("group_jobs", params, self._where))

    def running(self, place: Place, groups: Sequence[str]) -> Mapping[str, int]:
        params = {"queue": place.queue, "groups": json.dumps(groups)}
        return dict(self._db.rows("group_running", params))

    def take(self, ids: Sequence[int]) -> list[Row]:
        params = {"worker": self._worker, "ids": self._db.dialect.bound_ids(ids)}
        order = {number: place for place, number in enumerate(ids)}
        rows = sorted(self._db.rows("claimed", params), key=lambda row: order[row[11]])
        return with_waits(rows, clock()["unix"], _id)

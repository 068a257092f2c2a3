"""Lists of jobs, page by page.

A page is merged from the lists of all queues. No more is read of them than the page needs, however
long they are.
"""

from __future__ import annotations

import calendar
import heapq
import time
from collections.abc import Iterator, Sequence
from itertools import islice

from ...model import STATUSES, Cursor, Status, Stored
from ..failures import ERROR_HEAD, Failure
from ..moves import ENDED
from ..where import EVERYWHERE, Where
from .bulk import PART, Call, argument, chosen, filters, listed
from .rows import failures, stored

LISTS = 200
"""The most lists that one call reads."""

Place = tuple[int, bytes]
"""The second and the id of a job in a list; b"" for the place before all jobs of that second."""


class Listing:
    """The verb `browse` of a RedisEngine."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def browse(self, where: Where, limit: int, after: Cursor | None) -> list[Stored]:
        """See JobStore.browse."""
        status = where.needed_status()
        if status not in STATUSES:
            return []
        ids = chosen(where)
        if ids is None and (status == Status.QUEUED or where.batch is not None):
            ids = self._whole(status, where)
        if ids is not None:
            return self._first(self._sorted(ids, status, after), where, limit)
        place = None
        if after is not None:
            place = self._place(status, after)
            if place is None:
                return []
        return self._first(self._merged(where, status, place, limit), where, limit)

    def failures(self, most: int) -> Iterator[Failure]:
        """See Engine.failures."""
        ids = islice(self._merged(EVERYWHERE, Status.FAILED, None, most), most)
        while part := list(islice(ids, PART)):
            yield from failures(self._call("failures", ERROR_HEAD, *part))

    def _first(self, ids: Iterator[bytes], where: Where, limit: int) -> list[Stored]:
        """The first `limit` of the jobs that fit."""
        found: list[Stored] = []
        words = filters(where)
        while (left := limit - len(found)) > 0:
            part = list(islice(ids, PART if any(words) else min(left, PART)))
            if not part:
                break
            found += stored(self._call("browse", *words, str(where.status), left, *part))
        return found

    def _whole(self, status: str, where: Where) -> list[bytes]:
        """The ids of claimed jobs, or of all jobs of a batch."""
        ids: list[bytes] = []
        for key in listed(self._call, status, where):
            ids += self._call("part", key, "", "", PART)[1]
        return ids

    def _sorted(self, ids: Sequence[bytes], status: str, after: Cursor | None) -> Iterator[bytes]:
        """Those of the jobs that have the status, in the order of their list."""
        is_ended = status in ENDED
        jobs: list[tuple[bytes, bytes]] = []
        for start in range(0, len(ids), PART):
            reply = iter(self._call("moments", status, *ids[start : start + PART]))
            jobs += zip(reply, reply, strict=True)
        jobs.sort(reverse=is_ended)
        if after is not None:
            behind = argument(after.moment), argument(after.id)
            jobs = [job for job in jobs if _is_behind(job, behind, is_ended)]
        return (id for _, id in jobs)

    def _place(self, status: str, after: Cursor) -> Place | None:
        """Where in the lists the cursor is; None for one that is nowhere."""
        id = argument(after.id)
        if after.id and (second := self._call("place", status, argument(after.moment), id)):
            return int(second), id
        try:
            parsed = time.strptime(after.moment, "%Y-%m-%d %H:%M:%S")
        except ValueError:
            return None
        return calendar.timegm(parsed), id

    def _merged(
        self, where: Where, status: str, after: Place | None, limit: int
    ) -> Iterator[bytes]:
        """The ids in all lists of the status, in order."""
        is_ended = status in ENDED
        keys = listed(self._call, status, where)
        parts = [
            self._places(keys[start : start + LISTS], is_ended, after, max(1, min(limit, PART)))
            for start in range(0, len(keys), LISTS)
        ]
        return (id for _, id in heapq.merge(*parts, reverse=is_ended))

    def _places(
        self, keys: Sequence[bytes], is_ended: bool, after: Place | None, most: int
    ) -> Iterator[Place]:
        """The jobs of several lists, in order. `most` of them are read at first."""
        while True:
            second, id = after or ("", b"")
            reply = iter(self._call("page", int(is_ended), second, id, most, *keys))
            places = [(int(second), id) for second, id in zip(reply, reply, strict=True)]
            yield from places
            if len(places) < most:
                return
            after, most = places[-1], PART


def _is_behind(job: tuple[bytes, bytes], place: tuple[bytes, bytes], is_ended: bool) -> bool:
    if job[0] == place[0] and not place[1]:
        return True
    return job < place if is_ended else job > place

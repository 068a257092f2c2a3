"""The dispatcher's policy: which slots to push at a moment, and when to look again.

It knows neither store nor clock; whoever drives it does.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from .entry import Entry

TOLERANCE = 60
"""Seconds within which accuracy "none" still counts a moment as met: a system cron that calls
`schedule:events` each minute meets every one."""

CATCH_UP = 20
"""How many slots one entry may bring at a time, so that making up for a year of them neither fills
the memory nor keeps other entries waiting."""


class Due(NamedTuple):
    """An entry and the moment it is due; together they are unique in the store."""

    entry: Entry
    moment: int


class Agenda:
    """What is due from now on, given the `last` moment each entry was dispatched for, by name.

    An entry that is not in `last` begins `now`: it has missed nothing. What was due up to
    `missed_until` accuracy "none" does not make up for. Only moments after the last
    are ever due, so a clock that is set back brings none of them twice; set forward, it makes the
    moments it jumped over missed ones, and what was dispatched early is not dispatched again.
    """

    def __init__(
        self,
        entries: Iterable[Entry],
        last: Mapping[str, float],
        now: float,
        missed_until: float = 0.0,
    ) -> None:
        self._queue: list[tuple[int, int, Entry, int]] = []
        for place, entry in enumerate(entries):
            after = last.get(entry.name, now)
            if entry.accuracy == "none":
                after = max(after, missed_until)
            self._enter(place, entry, int(after // 1))

    def due(self, now: float, most: int = CATCH_UP) -> list[Due]:
        """The slots to push, each once: for the moments up to `now` that nobody took, as the
        entry's accuracy says. An entry brings `most` at a time, the others the next time."""
        ready = []
        while self._queue and self._queue[0][0] <= now:
            ready.append(heapq.heappop(self._queue))
        slots = []
        for _next, place, entry, after in ready:
            moments = list(islice(_chosen(entry, after, int(now // 1)), most))
            slots += [Due(entry, moment) for moment in moments]
            is_behind = entry.accuracy == "all" and len(moments) == most
            self._enter(place, entry, moments[-1] if is_behind else int(now // 1))
        return sorted(slots, key=lambda slot: slot.moment)

    @property
    def next(self) -> int | None:
        """The moment of the next slot, perhaps a past one; None if there will be none."""
        return self._queue[0][0] if self._queue else None

    def count(self, until: float) -> int:
        """How many entries are due by then."""
        return sum(due <= until for due, *_ in self._queue)

    def _enter(self, place: int, entry: Entry, after: int) -> None:
        due = entry.next_after(after)
        if due is not None:
            heapq.heappush(self._queue, (due, place, entry, after))


def _chosen(entry: Entry, after: int, until: int) -> Iterator[int]:
    """Of the moments in (after, until], one at least, those that the entry's accuracy asks for."""
    if entry.accuracy == "all":
        yield from entry.slots(after, until)
        return
    latest = entry.last_before(until + 1)
    if latest is not None and (entry.accuracy == "latest" or latest >= until - TOLERANCE):
        yield latest

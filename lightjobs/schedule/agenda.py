"""The scheduler's policy: which slots to push at a moment, and when to look again.

It uses neither the store nor a clock: the scheduler passes in what is needed of both.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from .entry import Entry

TOLERANCE = 60
"""Seconds by which a moment may be late without counting as missed under accuracy "none", so that a
system cron that calls `schedule:events` each minute misses none."""

CATCH_UP = 20
"""The most slots of one entry pushed at a time, so that making up for a year of them neither fills
the memory nor keeps other entries waiting."""


class Due(NamedTuple):
    """An entry and a moment at which it is due. The store takes each such pair once."""

    entry: Entry
    moment: int


class Agenda:
    """The slots due from now on, given the `last` moment each entry was dispatched for, by name.

    An entry that is not in `last` begins `now`: it has missed nothing. An entry with accuracy
    "none" does not make up for moments up to `missed_until`. Only moments after the last one are
    due, so setting the clock back dispatches none twice. Setting it forward turns the moments in
    between into missed ones, and those dispatched early are not dispatched again.
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
        """The slots to push for the moments up to `now`; each is returned once. The entry's
        accuracy decides which of the missed moments are among them. One entry has at most `most`
        of them; the next call returns the rest."""
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
        """The moment of the next slot, which may be in the past; None if there is none."""
        return self._queue[0][0] if self._queue else None

    def count(self, until: float) -> int:
        """How many entries are due by the moment `until`."""
        return sum(due <= until for due, *_ in self._queue)

    def _enter(self, place: int, entry: Entry, after: int) -> None:
        due = entry.next_after(after)
        if due is not None:
            heapq.heappush(self._queue, (due, place, entry, after))


def _chosen(entry: Entry, after: int, until: int) -> Iterator[int]:
    """The moments in (after, until], where there is at least one, that the accuracy asks for."""
    if entry.accuracy == "all":
        yield from entry.slots(after, until)
        return
    latest = entry.last_before(until + 1)
    if latest is not None and (entry.accuracy == "latest" or latest >= until - TOLERANCE):
        yield latest

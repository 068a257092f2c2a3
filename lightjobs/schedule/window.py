"""The part of the day in which an entry may be due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from . import clock

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end` by the clock, both included; past midnight when `end` is earlier."""

    start: time
    end: time

    def holds(self, moment: int, zone: ZoneInfo) -> bool:
        """Whether the clock shows a time inside at `moment`."""
        shown = clock.reading(moment, zone).time()
        if self.start <= self.end:
            return self.start <= shown <= self.end
        return shown >= self.start or shown <= self.end

    def skip_ahead(self, moment: int, zone: ZoneInfo) -> int:
        """For a `moment` outside: one not before it, with nothing inside up to it, near the next
        opening."""
        shown = clock.reading(moment, zone)
        opening = datetime.combine(shown.date(), self.start)
        if opening <= shown:
            opening += _DAY
        end = moment + (opening - shown) // _SECOND - 1
        # A clock turned back may come by the window again.
        change = clock.first_change(moment, end, zone)
        return end if change is None else change - 1

    def skip_back(self, moment: int, zone: ZoneInfo) -> int:
        """For a `moment` outside: one not after it, with nothing inside from it on, near the last
        closing."""
        shown = clock.reading(moment, zone)
        closing = datetime.combine(shown.date(), self.end)
        if closing >= shown:
            closing -= _DAY
        start = moment - (shown - closing) // _SECOND + 1
        change = clock.last_change(start, moment, zone)
        return start if change is None else change

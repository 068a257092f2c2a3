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

    def holds(self, shown: datetime) -> bool:
        """Whether the time that a clock shows is inside."""
        if self.start <= self.end:
            return self.start <= shown.time() <= self.end
        return shown.time() >= self.start or shown.time() <= self.end

    def skip_ahead(self, moment: int, zone: ZoneInfo) -> int:
        """For a `moment` that is not due: one not before it, with nothing inside up to it, near the
        next opening."""
        shown = clock.reading(moment, zone)
        if self.holds(shown):  # not due for a time before a gap
            return moment
        opening = datetime.combine(shown.date(), self.start)
        if opening <= shown:
            opening += _DAY
        end = moment + (opening - shown) // _SECOND - 1
        # A clock turned back may come by the window again.
        change = clock.first_change(moment, end, zone)
        return end if change is None else change - 1

    def skip_back(self, moment: int, zone: ZoneInfo) -> int:
        """For a `moment` that is not due: one not after it, with nothing inside from it on, near
        the last closing."""
        shown = clock.reading(moment, zone)
        if self.holds(shown):
            return moment
        closing = datetime.combine(shown.date(), self.end)
        if closing >= shown:
            closing -= _DAY
        start = moment - (shown - closing) // _SECOND + 1
        change = clock.last_change(start, moment, zone)
        if change is None:
            return start
        # Right after a gap something inside it may be due.
        return min(change + 1, moment)

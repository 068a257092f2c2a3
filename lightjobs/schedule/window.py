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
    """From `start` to `end` by the clock, both included. It runs past midnight if `end` is the
    earlier one."""

    start: time
    end: time

    def holds(self, shown: datetime) -> bool:
        """Whether the time of the reading `shown` is inside."""
        if self.start <= self.end:
            return self.start <= shown.time() <= self.end
        return shown.time() >= self.start or shown.time() <= self.end

    def skip_ahead(self, moment: int, zone: ZoneInfo) -> int:
        """Where to search on after `moment`, which is outside: a moment at or after it, close to
        the next opening, with nothing inside the window before it."""
        shown = clock.reading(moment, zone)
        if self.holds(shown):  # right after a gap, due for a time in the gap that is outside
            return moment
        opening = datetime.combine(shown.date(), self.start)
        if opening <= shown:
            opening += _DAY
        end = moment + (opening - shown) // _SECOND - 1
        # A clock that is set back may show times inside the window again.
        change = clock.first_change(moment, end, zone)
        return end if change is None else change - 1

    def skip_back(self, moment: int, zone: ZoneInfo) -> int:
        """Where to search on before `moment`, which is outside: a moment at or before it, close to
        the last closing, with nothing inside the window after it."""
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
        # Right after a gap, a time in the gap that is inside the window may be due.
        return min(change + 1, moment)

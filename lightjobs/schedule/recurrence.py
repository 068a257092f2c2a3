"""When an entry is due: by the wall clock of a zone (Cron) or at intervals (Every).

**The rule for days on which the clock changes**

- An entry with fixed hours (its hour field does not allow every hour) is due at the first moment
  at which the clock shows its time or later. A time that the clock shows twice therefore runs once,
  the first time. A time that the clock skips runs once, right after the gap, and several times
  skipped by the same gap run once together.
- An entry that may run in every hour (`hourly()`, `everyMinutes(n)`, an hour field `*`) is due
  whenever the clock shows one of its minutes. An hour that is shown twice counts as two hours and a
  skipped hour does not count, so an hourly entry runs once in each real hour. Where a zone changes
  its clock by half an hour (Australia/Lord_Howe), two runs on that day may be half an hour or an
  hour and a half apart.
- An interval counts seconds in UTC and does not depend on a clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import Protocol
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from ..errors import JobDefinitionError
from ..text import shortened
from . import clock

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_FIFTY_YEARS = 50 * 366
_HOURS = frozenset(range(24))
_SOME_DAY = datetime(2024, 1, 1)
_NAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}


class Recurrence(Protocol):
    """The moments (whole unix seconds) at which something is due."""

    @property
    def text(self) -> str:
        """The rule, as text for people."""

    @property
    def grain(self) -> int:
        """The least number of seconds between two due moments: 60 for cron, 1 for intervals."""

    def next_after(self, moment: int) -> int | None:
        """The first due moment after `moment`; None if there is none in 50 years."""

    def last_before(self, moment: int) -> int | None:
        """The last due moment before `moment`; None if there is none in 50 years."""

    def readings(self, due: int, zone: ZoneInfo) -> Iterator[datetime]:
        """What a clock in `zone` shows at a due moment. Right after a gap these are the due times
        inside the gap."""


@dataclass(frozen=True, slots=True)
class Every:
    """Every whole multiple of `seconds` since 1970, so that all processes agree."""

    seconds: int

    @property
    def text(self) -> str:
        return f"every {self.seconds} second{'s' * (self.seconds != 1)}"

    @property
    def grain(self) -> int:
        return 1

    def next_after(self, moment: int) -> int:
        return (moment // self.seconds + 1) * self.seconds

    def last_before(self, moment: int) -> int:
        return (moment - 1) // self.seconds * self.seconds

    def readings(self, due: int, zone: ZoneInfo) -> Iterator[datetime]:
        yield clock.reading(due, zone)


class Cron:
    """Five fields of cron, read by the wall clock of `zone`. Raises JobDefinitionError for a text
    that `cron_text` refuses."""

    grain = 60

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        self.text = cron_text(text)
        self.zone = zone
        self._cron = CronSim(self.text, _SOME_DAY)
        self._minutes = _minutes_of_day(self.text)
        self._every_hour = self._cron.hours >= _HOURS

    def next_after(self, moment: int) -> int | None:
        try:
            return self._next_hourly(moment) if self._every_hour else self._next_fixed(moment)
        except (OverflowError, ValueError):  # the calendar ends with the year 9999
            return None

    def last_before(self, moment: int) -> int | None:
        try:
            return self._last_hourly(moment) if self._every_hour else self._last_fixed(moment)
        except (OverflowError, ValueError):
            return None

    def readings(self, due: int, zone: ZoneInfo) -> Iterator[datetime]:
        shown = clock.reading(due, zone)
        if self._every_hour:
            return iter([shown])
        earlier = self._shown_from(shown + _SECOND, reverse=True)
        return takewhile(lambda reading: clock.first_showing(reading, zone) == due, earlier)

    def _next_fixed(self, moment: int) -> int | None:
        for shown in self._shown_from(clock.reading(moment, self.zone)):
            due = clock.first_showing(shown, self.zone)
            if due > moment:  # a reading in an hour shown twice stands for the first time
                return due
        return None

    def _last_fixed(self, moment: int) -> int | None:
        highest = clock.highest(moment - 1, self.zone)
        for shown in self._shown_from(highest + _SECOND, reverse=True):
            due = clock.first_showing(shown, self.zone)
            if due < moment:
                return due
        return None

    def _next_hourly(self, moment: int) -> int | None:
        offset = clock.offset(moment, self.zone)
        start = moment
        while True:
            shown = next(self._shown_from(clock.naive(moment + offset)), None)
            if shown is None:
                return None
            due = clock.seconds(shown) - offset
            change = clock.first_change(start, due, self.zone)
            if change is None:
                return due
            # The clock has another offset from this change on, so search again from it, inclusive.
            start, moment, offset = change, change - 1, clock.offset(change, self.zone)

    def _last_hourly(self, moment: int) -> int | None:
        while True:
            offset = clock.offset(moment - 1, self.zone)
            shown = next(self._shown_from(clock.naive(moment + offset), reverse=True), None)
            if shown is None:
                return None
            due = clock.seconds(shown) - offset
            change = clock.last_change(due, moment - 1, self.zone)
            if change is None:
                return due
            moment = change

    def _shown_from(self, shown: datetime, reverse: bool = False) -> Iterator[datetime]:
        """All readings after `shown` that match, in order, or with `reverse` those before it,
        backwards."""
        # cronsim parses the fields and decides about days. The steps are taken here, because its
        # own parse the text again each time and follow Debian's rule for changes of the clock
        # instead of the rule above.
        day, minute = shown.date(), shown.hour * 60 + shown.minute
        if reverse:
            step, whole_day = -_DAY, self._minutes[::-1]
            rest = self._minutes[: bisect_left(self._minutes, minute + bool(shown.second))][::-1]
        else:
            step, whole_day = _DAY, self._minutes
            rest = self._minutes[bisect_right(self._minutes, minute) :]
        for _ in range(_FIFTY_YEARS):
            if rest and day.month in self._cron.months and self._cron.match_day(day):
                midnight = datetime(day.year, day.month, day.day)
                for found in rest:
                    yield midnight + timedelta(minutes=found)
            day += step
            rest = whole_day


@lru_cache(maxsize=1024)
def _minutes_of_day(text: str) -> tuple[int, ...]:
    """The matching minutes of a day, in order. Cached, because entries with the same expression
    share them and there may be 1,440."""
    cron = CronSim(text, _SOME_DAY)
    return tuple(
        hour * 60 + minute for hour in sorted(cron.hours) for minute in sorted(cron.minutes)
    )


def cron_text(text: str) -> str:
    """`text` as five fields. Raises JobDefinitionError, naming the text, if it is not a cron
    expression or is never due."""
    if not isinstance(text, str):
        raise JobDefinitionError(
            f"cron({shortened(repr(text))}) is not a text; allowed: such as '0 8 1,15 * *'"
        )
    named = f"cron({shortened(text)!r})"
    if text.strip().startswith("@"):
        if text.strip() not in _NAMES:
            raise JobDefinitionError(f"{named} is unknown; allowed: {', '.join(_NAMES)}")
        return _NAMES[text.strip()]
    fields = text.split()
    if len(fields) != 5:
        raise JobDefinitionError(
            f"{named} has {len(fields)} field{'s' * (len(fields) != 1)}; allowed: minute, hour, "
            "day of month, month and day of week, or a name such as @daily"
        )
    try:
        due = next(CronSim(" ".join(fields), _SOME_DAY), None)
    except (CronSimError, ValueError, AssertionError) as error:
        # ValueError: more digits than int() accepts. AssertionError: steps on L and the like.
        reason = str(error) if isinstance(error, CronSimError) else "wrong number or step"
        raise JobDefinitionError(f"{named} is not a cron expression: {reason}") from None
    if due is None:
        raise JobDefinitionError(f"{named} is never due: there is no such day in 50 years")
    return " ".join(fields)

"""The rule for turned clocks, told by walking through all minutes of a zone: slow and plain."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from lightjobs.schedule.recurrence import Cron, Recurrence

MINUTE = timedelta(minutes=1)
FIRST = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2031, 1, 1, tzinfo=UTC).timestamp())
DAY = 86_400

Matches = Callable[[datetime], bool]
"""Whether an entry is due when a clock shows that."""


def shown(moment: int, zone: ZoneInfo) -> datetime:
    """What the zone's clock shows."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).replace(tzinfo=None, fold=0)


def fixed(matches: Matches, zone: ZoneInfo, start: int, end: int) -> list[int]:
    """Due moments in (start, end] of an entry with fixed hours: the clock shows a matching time, or
    a later one, for the first time ever."""
    due = []
    highest = max(shown(start - 60 * n, zone) for n in range(240))
    for moment in range(start + 60, end + 1, 60):
        now = shown(moment, zone)
        is_due = False
        while highest < now:
            highest += MINUTE
            is_due = is_due or matches(highest)
        if is_due:
            due.append(moment)
    return due


def hourly(matches: Matches, zone: ZoneInfo, start: int, end: int) -> list[int]:
    """Due moments in (start, end] of an entry for every hour: whenever the clock shows them."""
    return [m for m in range(start + 60, end + 1, 60) if matches(shown(m, zone))]


def forwards(recurrence: Recurrence, start: int, end: int) -> list[int]:
    """All due moments in (start, end], asked for one after the other."""
    due, moments = recurrence.next_after(start), []
    while due is not None and due <= end:
        moments.append(due)
        due = recurrence.next_after(due)
    return moments


def backwards(recurrence: Recurrence, start: int, end: int) -> list[int]:
    """The same, from the last to the first."""
    due, moments = recurrence.last_before(end + 1), []
    while due is not None and due > start:
        moments.append(due)
        due = recurrence.last_before(due)
    return moments[::-1]


def offset(moment: int, zone: ZoneInfo) -> timedelta | None:
    """By how much the zone's clock is ahead of UTC."""
    return datetime.fromtimestamp(moment, zone).utcoffset()


@lru_cache(maxsize=1024)
def changes(zone: ZoneInfo) -> list[int]:
    """The moments from 2024 to 2030 at which the zone's clock is turned."""
    found = []
    for start in range(FIRST, END, DAY):
        low, high = start, start + DAY
        if offset(low, zone) == offset(high, zone):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if offset(middle, zone) == offset(start, zone):
                low = middle
            else:
                high = middle
        found.append(high)
    return found


def distinct_zones() -> list[ZoneInfo]:
    """One zone of each group whose clocks go alike from 2024 to 2030; together they are all zones
    of the tz database."""
    groups: dict[object, ZoneInfo] = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        turns = tuple((moment, offset(moment, zone)) for moment in changes(zone))
        groups.setdefault((offset(FIRST, zone), turns), zone)
    return list(groups.values())


def day_start(day: date, zone: ZoneInfo) -> int:
    """The first moment of a local day."""
    low = int(datetime.combine(day, datetime.min.time(), UTC).timestamp()) - 2 * DAY
    high = low + 4 * DAY
    while high - low > 1:
        middle = (low + high) // 2
        if shown(middle, zone).date() < day:
            low = middle
        else:
            high = middle
    return high


def daily(at: time, zone: ZoneInfo) -> Cron:
    """Due each day at that time."""
    return Cron(f"{at.minute} {at.hour} * * *", zone)

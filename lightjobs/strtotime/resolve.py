"""Applies a `Draft` to a base moment.

The order of the steps is PHP's, and results depend on it: the weekday is found before the amounts
are added, workdays are added after them, and the edge of a month is taken both before and after.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from .civil import day_of_week, days_from_civil, normal_date
from .draft import Draft, MonthEdge, Shift, Special, WeekdayRule
from .transitions import local_to_epoch, offset_at

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_PER_DAY: Final = 86_400


@dataclass(slots=True)
class _Fields:
    """A wall-clock reading whose fields may overflow until `normalize` is called."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    microsecond: int

    def normalize(self) -> None:
        """Carry every overflow into the next larger field."""
        if not 0 <= self.microsecond < 1_000_000:
            carry, self.microsecond = divmod(self.microsecond, 1_000_000)
            self.second += carry
        if not (0 <= self.second < 60 and 0 <= self.minute < 60 and 0 <= self.hour < 24):
            seconds = self.hour * 3600 + self.minute * 60 + self.second
            carry, seconds = divmod(seconds, _SECONDS_PER_DAY)
            self.day += carry
            self.hour, seconds = divmod(seconds, 3600)
            self.minute, self.second = divmod(seconds, 60)
        self.year, self.month, self.day = normal_date(self.year, self.month, self.day)

    def epoch(self) -> int:
        """Seconds from 1970-01-01 00:00 on the same clock."""
        days = days_from_civil(self.year, self.month, self.day)
        return days * _SECONDS_PER_DAY + self.hour * 3600 + self.minute * 60 + self.second


def resolve(draft: Draft, base: datetime) -> datetime:
    """The moment that `draft` means relative to the aware `base`, in the zone of `base`.

    Raises OverflowError for a moment outside the years 1-9999.
    """
    zone = base.tzinfo
    assert zone is not None
    fields = _fill(draft, base)
    _apply(draft.shift, fields)
    epoch = _to_epoch(draft, fields.epoch(), zone)
    return _moment(epoch, fields.microsecond, zone)


def _moment(epoch: int, microsecond: int, zone: tzinfo) -> datetime:
    try:
        return (_EPOCH + timedelta(seconds=epoch, microseconds=microsecond)).astimezone(zone)
    except OverflowError:
        # 9999-12-31 23:00 in New York is in range, though the same moment in UTC is not.
        local = timedelta(seconds=epoch + offset_at(epoch, zone), microseconds=microsecond)
        return (_EPOCH + local).replace(tzinfo=zone)


def _fill(draft: Draft, base: datetime) -> _Fields:
    """The fields that the draft sets, and those of `base` for the others."""
    if draft.has_date and not draft.times:
        hour, minute, second, microsecond = 0, 0, 0, 0
    else:
        hour = base.hour if draft.hour is None else draft.hour
        minute = base.minute if draft.minute is None else draft.minute
        second = base.second if draft.second is None else draft.second
        microsecond = _fill_microsecond(draft, base)
    return _Fields(
        base.year if draft.year is None else draft.year,
        base.month if draft.month is None else draft.month,
        base.day if draft.day is None else draft.day,
        hour,
        minute,
        second,
        microsecond,
    )


def _fill_microsecond(draft: Draft, base: datetime) -> int:
    if draft.microsecond is not None:
        return draft.microsecond
    fields = (draft.year, draft.month, draft.day, draft.hour, draft.minute, draft.second)
    return base.microsecond if fields == (None,) * 6 else 0


def _apply(shift: Shift, fields: _Fields) -> None:
    months = shift.months
    if shift.special is Special.NTH_WEEKDAY_OF_MONTH:
        fields.day, fields.month, months = 1, fields.month + months, 0
    elif shift.special is Special.LAST_WEEKDAY_OF_MONTH:
        fields.day, fields.month, months = 1, fields.month + months + 1, 0
    _to_edge_of_month(shift.edge, fields)
    fields.normalize()
    if shift.has_weekday:
        _to_weekday(shift, fields)
        fields.normalize()
    fields.year += shift.years
    fields.month += months
    fields.day += shift.days
    fields.hour += shift.hours
    fields.minute += shift.minutes
    fields.second += shift.seconds
    fields.microsecond += shift.microseconds
    _to_edge_of_month(shift.edge, fields)
    fields.normalize()
    if shift.special is Special.WORKDAYS:
        _add_workdays(shift.workdays, fields)
        fields.normalize()


def _to_edge_of_month(edge: MonthEdge | None, fields: _Fields) -> None:
    if edge is MonthEdge.FIRST_DAY:
        fields.day = 1
    elif edge is MonthEdge.LAST_DAY:
        fields.day = 0
        fields.month += 1


def _to_weekday(shift: Shift, fields: _Fields) -> None:
    today = day_of_week(fields.year, fields.month, fields.day)
    wanted = shift.weekday
    if shift.weekday_rule is WeekdayRule.IN_THIS_WEEK:
        # Weeks begin on Monday, so a Sunday is the seventh day of the week before.
        if today == 0 and wanted != 0:
            wanted -= 7
        elif today != 0 and wanted == 0:
            wanted = 7
        fields.day += wanted - today
        return
    if wanted < 0:
        fields.day -= 7 - (-wanted - today)
        return
    ahead = wanted - today
    if shift.days < 0:
        ahead += 7 if ahead < 0 else 0
    elif ahead <= -shift.weekday_rule.value:
        ahead += 7
    fields.day += ahead


def _add_workdays(count: int, fields: _Fields) -> None:
    """Move by `count` days from Monday to Friday. A count of 0 only moves a weekend to Monday."""
    today = day_of_week(fields.year, fields.month, fields.day)
    direction = 1 if count > 0 else -1
    weeks, rest = divmod(abs(count), 5)
    fields.day += direction * (7 * weeks + rest)
    # The days of a weekend: the one that is reached first in this direction, and the other.
    near, far = (6, 0) if direction > 0 else (0, 6)
    if rest == 0:
        if today == near:
            fields.day -= direction
        elif today == far:
            fields.day -= 2 * direction
    elif today == near:
        fields.day += direction
    elif (today if direction > 0 else 6 - today) + rest > 5:
        fields.day += 2 * direction


def _to_epoch(draft: Draft, local: int, zone: tzinfo) -> int:
    named = draft.zone
    if named is None:
        return local_to_epoch(local, zone)
    if named.identifier is None:
        return local - named.offset
    if not draft.zones:
        return local_to_epoch(local, named.identifier)
    return local_to_epoch(local, named.identifier, daylight=named.daylight is not False)

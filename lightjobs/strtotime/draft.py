"""What a text says about a moment before it is applied to a base."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from zoneinfo import ZoneInfo


class Rejected(Exception):
    """PHP would return `false` for the text."""


class MonthEdge(Enum):
    """`first day of` and `last day of`."""

    FIRST_DAY = auto()
    LAST_DAY = auto()


class Special(Enum):
    """Relative text that needs more than adding to a field."""

    WORKDAYS = auto()
    """`+3 weekdays`."""
    NTH_WEEKDAY_OF_MONTH = auto()
    """`second monday of`: counted from the start of the month."""
    LAST_WEEKDAY_OF_MONTH = auto()
    """`last monday of`: counted back from the start of the next month."""


class WeekdayRule(Enum):
    """Which of the days with that name is meant. The values are PHP's "weekday behavior"."""

    AFTER_TODAY = 0
    """`next monday`, `last monday`: today does not count."""
    FROM_TODAY = 1
    """`monday`: today counts."""
    IN_THIS_WEEK = 2
    """`monday next week`: the one in that week, which runs from Monday to Sunday."""


@dataclass(slots=True)
class Shift:
    """Amounts to add to each field, and the relative text that is more than an amount."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    microseconds: int = 0
    weekday: int = 0
    """Sunday 0 to Saturday 6; below 0 after `ago`."""
    has_weekday: bool = False
    weekday_rule: WeekdayRule = WeekdayRule.AFTER_TODAY
    edge: MonthEdge | None = None
    special: Special | None = None
    workdays: int = 0

    def reverse(self) -> None:
        """Negate the shift, for `ago`. Microseconds stay as they are, because PHP forgets them."""
        self.years, self.months, self.days = -self.years, -self.months, -self.days
        self.hours, self.minutes, self.seconds = -self.hours, -self.minutes, -self.seconds
        self.weekday = -self.weekday or -7
        if self.special is Special.WORKDAYS:
            self.workdays = -self.workdays


@dataclass(slots=True)
class Zone:
    """The zone that a text names: an offset (a number or an abbreviation) or an identifier."""

    offset: int = 0
    """Seconds east of UTC, used when `identifier` is None."""
    identifier: ZoneInfo | None = None
    daylight: bool | None = None
    """Whether the text names daylight-saving time; None if it does not say."""


@dataclass(slots=True)
class Draft:
    """The fields that a text sets (None if it does not), and the shift to apply to them.

    `times` and `zones` count how many of each the text has: PHP takes `10:00 2026` as a time and a
    year, and ignores a second zone but rejects a third.
    """

    year: int | None = None
    month: int | None = None
    day: int | None = None
    hour: int | None = None
    minute: int | None = None
    second: int | None = None
    microsecond: int | None = None
    has_date: bool = False
    times: int = 0
    zones: int = 0
    zone: Zone | None = None
    shift: Shift = field(default_factory=Shift)

    def begin_time(self) -> None:
        """Note that a time follows. Raises Rejected if there has been one."""
        if self.times:
            raise Rejected
        self.set_midnight()
        self.times = 1

    def forget_time(self) -> None:
        """Set the time to midnight and allow another one to follow."""
        self.set_midnight()
        self.times = 0

    def set_midnight(self) -> None:
        """Set all fields of the time to 0."""
        self.hour = self.minute = self.second = self.microsecond = 0

    def begin_date(self) -> None:
        """Note that a date follows. Raises Rejected if there has been one."""
        if self.has_date:
            raise Rejected
        self.has_date = True

    def begin_zone(self) -> bool:
        """Note that a zone follows. Returns False for a second one, which PHP ignores. Raises
        Rejected for a third."""
        if self.zones > 1:
            raise Rejected
        self.zones += 1
        return self.zones == 1

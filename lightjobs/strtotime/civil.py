"""Day arithmetic in the proleptic Gregorian calendar, for years of any size and sign.

`datetime` is limited to the years 1 to 9999, but a date may leave this range on the way to a
moment inside it (`0000-01-01 +1 year`), so plain integers are used.
"""

from __future__ import annotations

from typing import Final

_DAYS_PER_ERA: Final = 146_097
"""Days in 400 years, after which the calendar repeats."""
_EPOCH_IN_MARCH_DAYS: Final = 719_468
"""Days from 0000-03-01 to 1970-01-01."""


def days_from_civil(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 to the date. `month` is 1-12; `day` may be any integer."""
    # If years begin in March, the leap day comes last and moves no other day.
    if month <= 2:
        year -= 1
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    leap_days = year_of_era // 4 - year_of_era // 100
    return era * _DAYS_PER_ERA + year_of_era * 365 + leap_days + day_of_year - _EPOCH_IN_MARCH_DAYS


def civil_from_days(days: int) -> tuple[int, int, int]:
    """The (year, month, day) that is `days` days after 1970-01-01."""
    era, day_of_era = divmod(days + _EPOCH_IN_MARCH_DAYS, _DAYS_PER_ERA)
    year_of_era = (
        day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    return era * 400 + year_of_era + (month <= 2), month, day


def normal_date(year: int, month: int, day: int) -> tuple[int, int, int]:
    """The real date for one whose month and day may overflow (30 February is 2 March)."""
    if not 1 <= month <= 12:
        carry, month = divmod(month - 1, 12)
        year, month = year + carry, month + 1
    if 1 <= day <= 28:
        return year, month, day
    return civil_from_days(days_from_civil(year, month, day))


def day_of_week(year: int, month: int, day: int) -> int:
    """The day of the week, Sunday 0 to Saturday 6."""
    return (days_from_civil(year, month, day) + 4) % 7


def days_to_week_day(year: int, week: int, day: int) -> int:
    """Days from 1 January of `year` to a day of an ISO 8601 week. Monday is 1; 0 and 7 are the
    Sundays before and after."""
    new_year = day_of_week(year, 1, 1)
    return (7 if new_year > 4 else 0) - new_year + (week - 1) * 7 + day

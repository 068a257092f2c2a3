"""Lengths of time as people write them: "7 days", "1 week ago"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from ..strtotime import strtotime

ANY_AGE = 253_402_300_799.0
"""The unix time that is "0 seconds" ago: the end of the year 9999, so that every stored time is
earlier. The present moment would leave out what ended in this second, because stored times are
whole seconds, and what ended by a store's clock that is ahead of ours."""

_CLOCK = re.compile(r"[0-9.]+")
"""Text that looks like a year but is a time of day: PHP reads 2020 as 20:20."""

# A text is a length of time if it has the same distance from both of these. They lie within one
# month of 31 days and differ in the time of day and in the zone, because PHP reads "+7" and "JST"
# as zones.
_BASES = (
    datetime(2001, 1, 10, 12, tzinfo=UTC),
    datetime(2001, 1, 11, 18, tzinfo=timezone(timedelta(hours=5))),
)


def age(text: str) -> float:
    """The length in seconds of "7 days", "+7 days" or "7 days ago"; a month counts as 31 days.

    Raises ValueError for text that is not a length of time, such as "tomorrow", or that has no
    unit.
    """
    try:
        lengths = {(strtotime(text, base) - base).total_seconds() for base in _BASES}
    except ValueError:
        lengths = set()
    if len(lengths) != 1:
        raise ValueError(f"{text!r} is not a length of time such as 7 days")
    return abs(lengths.pop())


def ago(text: str) -> float:
    """The unix time that `text` names.

    A length of time is counted back from now: "1 week", "-1 week" and "1 week ago" mean the same.
    Everything is older than 0 seconds, so that gives ANY_AGE.
    A date in the past means itself, as long as it is the same moment at any time of the day.
    Raises ValueError for anything else.
    """
    now = datetime.now(UTC)
    try:
        length = age(text)
    except ValueError:
        moment = _date(text, now)
    else:
        return now.timestamp() - length if length else ANY_AGE
    if moment is None or moment > now:
        raise ValueError(f"{text!r} is neither a length of time such as 7 days nor a past date")
    return moment.timestamp()


def _date(text: str, now: datetime) -> datetime | None:
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    try:
        moment, later = strtotime(text, noon), strtotime(text, noon + timedelta(hours=1))
    except ValueError:
        return None
    return moment if moment == later and not _CLOCK.fullmatch(text.strip()) else None

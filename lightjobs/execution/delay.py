"""When a job becomes due: the values that `delay` may have, and the time each gives."""

from __future__ import annotations

from datetime import datetime, timedelta

from ..process import clock
from ..strtotime import strtotime
from .backoff import is_moment

Delay = str | timedelta | datetime | float
"""What PHP's strtotime reads, a time to wait, a moment, or seconds to wait."""

LONGEST = 100 * 366 * 86_400
"""The longest wait in seconds: 100 leap years. No store takes a moment beyond the year 9999."""

ALLOWED = (
    "what PHP's strtotime reads, such as now or +5 minutes; a timedelta or seconds, from 0 to 100 "
    "years; a datetime with a time zone"
)


def is_delay(value: object) -> bool:
    """Whether `value` is a Delay. A datetime without a time zone could mean this machine's zone or
    UTC, so it is none. Raises ValueError for text that PHP cannot read."""
    if isinstance(value, str):
        return is_moment(value)
    if isinstance(value, datetime):
        return value.utcoffset() is not None and value.year < 9999
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return isinstance(value, (int, float)) and type(value) is not bool and 0 <= value <= LONGEST


def due(delay: Delay) -> float | None:
    """The unix time at which a job dispatched now with this `delay` is due; None: now, by the
    store's clock. A moment in the past is now, too. Raises ValueError for text that PHP cannot
    read."""
    if isinstance(delay, str):
        return None if delay == "now" else strtotime(delay).timestamp()
    if isinstance(delay, datetime):
        moment = delay.timestamp()
        return moment if moment > clock.now() else None
    seconds = delay.total_seconds() if isinstance(delay, timedelta) else delay
    return clock.now() + seconds if seconds else None

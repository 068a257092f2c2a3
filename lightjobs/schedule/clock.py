"""The wall clock of a zone: what it shows at a moment, and when it shows a reading.

A moment is a whole number of unix seconds, and a reading is a naive datetime in whole seconds. The
clock changes when the zone's offset from UTC does, as between winter and summer time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = 86_400
"""The step, in seconds, of the search for changes. No zone has had two of them in three days."""


def reading(moment: int, zone: ZoneInfo) -> datetime:
    """What the clock shows at `moment`. Raises OverflowError or ValueError for one outside the
    years 1 to 9999."""
    return datetime.fromtimestamp(moment, zone).replace(tzinfo=None, fold=0)


def highest(moment: int, zone: ZoneInfo) -> datetime:
    """A reading no lower than any the clock has shown up to `moment`. It is higher than the reading
    at `moment` only while an hour is shown for the second time."""
    now = datetime.fromtimestamp(moment, zone)
    shown = now.replace(tzinfo=None, fold=0)
    if not now.fold:
        return shown
    return shown + timedelta(seconds=_offset(now.replace(fold=0)) - _offset(now))


def first_showing(wanted: datetime, zone: ZoneInfo) -> int:
    """The first moment at which the clock shows `wanted` or later.

    A reading that the clock shows twice therefore means the first time, and one that it skips means
    the moment right after the gap.
    """
    moment = _read(wanted, zone, fold=0)
    if reading(moment, zone) == wanted:
        return moment
    change = first_change(_read(wanted, zone, fold=1), moment, zone)
    return moment if change is None else change


def first_change(start: int, end: int, zone: ZoneInfo) -> int | None:
    """The first moment in (start, end] at which the clock changes, or None."""
    before = offset(start, zone)
    while start < end:
        probe = min(start + _DAY, end)
        if offset(probe, zone) != before:
            return _change_between(start, probe, zone)
        start = probe
    return None


def last_change(start: int, end: int, zone: ZoneInfo) -> int | None:
    """The last moment in (start, end] at which the clock changes, or None."""
    after = offset(end, zone)
    while start < end:
        probe = max(end - _DAY, start)
        if offset(probe, zone) != after:
            return _change_between(probe, end, zone)
        end = probe
    return None


def _change_between(low: int, high: int, zone: ZoneInfo) -> int:
    """The moment of the only change in (low, high]."""
    before = offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


def offset(moment: int, zone: ZoneInfo) -> int:
    """Seconds east of UTC at `moment`."""
    return _offset(datetime.fromtimestamp(moment, zone))


def _offset(aware: datetime) -> int:
    return (aware.utcoffset() or timedelta()) // _SECOND


def _read(wanted: datetime, zone: ZoneInfo, fold: int) -> int:
    return (wanted - _EPOCH) // _SECOND - _offset(wanted.replace(tzinfo=zone, fold=fold))


def naive(seconds: int) -> datetime:
    """The reading `seconds` after 1970-01-01 00:00 on the same clock."""
    return _EPOCH + timedelta(seconds=seconds)


def seconds(shown: datetime) -> int:
    """Seconds from 1970-01-01 00:00 to the reading `shown`: the inverse of `naive`."""
    return (shown - _EPOCH) // _SECOND

"""From a wall-clock reading to a moment, also on days when a zone changes its offset.

In a gap PHP keeps the offset from before it (02:30 becomes 03:30). In a fold it looks up the
offset at the reading *taken as UTC* and keeps it if it also holds at the moment found. That is the
first of the two moments west of Greenwich and the second east of it. If the text names the zone
and the offset is east of Greenwich, PHP looks two hours back and takes the first.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOOK_AROUND: Final = 7200
_TWO_DAYS: Final = 2 * 86_400
_FIRST: Final = int((datetime.min.replace(tzinfo=UTC) - _EPOCH).total_seconds()) + _TWO_DAYS
_LAST: Final = int((datetime.max.replace(tzinfo=UTC) - _EPOCH).total_seconds()) - _TWO_DAYS


def offset_at(epoch: int, zone: tzinfo) -> int:
    """Seconds east of UTC at the moment `epoch`."""
    offset = _at(epoch, zone).utcoffset() or timedelta()
    return offset.days * 86_400 + offset.seconds


def local_to_epoch(local: int, zone: tzinfo, *, daylight: bool | None = None) -> int:
    """The epoch seconds at which a wall clock in `zone` shows `local` seconds after 1970.

    `daylight` is None unless the text itself names the zone; then it tells whether PHP has noted
    daylight-saving time for it.
    """
    if zone is UTC:
        return local
    assumed = offset_at(local, zone)
    found = offset_at(local - assumed, zone)
    if assumed == found:
        if daylight is None:
            return local - assumed
        found = _offset_around(local, assumed, zone, daylight)
    if assumed == found or _in_gap(local, assumed, found, zone):
        return local - assumed
    return local - found


def _in_gap(local: int, before: int, after: int, zone: tzinfo) -> bool:
    """Whether `local` read with the offset `after` still lies before the change to it."""
    return after > before and offset_at(local - after, zone) != after


def _offset_around(local: int, offset: int, zone: tzinfo, daylight: bool) -> int:
    """The other offset of a fold if PHP prefers it, otherwise `offset`."""
    zone_has_daylight = bool(_at(local, zone).dst())
    if offset >= 0 and daylight and not zone_has_daylight:
        other = offset_at(local - offset - _LOOK_AROUND, zone)
        # With the earlier offset, the reading must come before the change.
        if other != offset and offset_at(local - other, zone) != offset:
            return other
    elif offset <= 0 and zone_has_daylight and not daylight:
        other = offset_at(local - offset + _LOOK_AROUND, zone)
        if other != offset and offset_at(local - other, zone) == other:
            return other
    return offset


def _at(epoch: int, zone: tzinfo) -> datetime:
    # Keep away from the ends of datetime's range, where the local time could fall outside it. No
    # zone changes its offset there.
    seconds = min(max(epoch, _FIRST), _LAST)
    return (_EPOCH + timedelta(seconds=seconds)).astimezone(zone)

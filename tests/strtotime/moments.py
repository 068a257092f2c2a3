"""The base moments and zones the comparison with PHP runs over."""

from __future__ import annotations

from datetime import UTC, datetime

ZONES = (
    "UTC",
    "America/New_York",
    "Europe/Paris",
    "Australia/Lord_Howe",  # half an hour of daylight-saving time
    "Asia/Kathmandu",
    "Europe/Dublin",  # negative daylight-saving time, in winter
)


def _epoch(*fields: int) -> int:
    return int(datetime(*fields, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


BASES = (
    _epoch(2024, 2, 29, 12, 0, 0),  # leap day
    _epoch(2026, 1, 31, 9, 30, 15),  # month end before a short month
    _epoch(2026, 2, 28, 23, 59, 59),
    _epoch(2026, 3, 8, 6, 30, 0),  # New York, half an hour before its gap
    _epoch(2026, 3, 8, 7, 30, 0),  # and after it
    _epoch(2026, 11, 1, 5, 30, 0),  # New York, first pass of the repeated hour
    _epoch(2026, 11, 1, 6, 30, 0),  # second pass
    _epoch(2026, 3, 29, 0, 59, 59),  # Europe, the last second before its gap
    _epoch(2026, 10, 25, 0, 30, 0),  # Europe, first pass
    _epoch(2026, 10, 25, 1, 30, 0),  # second pass
    _epoch(2026, 4, 4, 15, 15, 0),  # Lord Howe, second pass
    _epoch(2026, 12, 31, 23, 59, 59),  # year end
    _epoch(2027, 1, 1, 0, 0, 0),
    _epoch(2000, 2, 29, 0, 0, 0),
    _epoch(1970, 1, 1, 0, 0, 0),
    _epoch(2026, 11, 22, 18, 45, 7),  # a Sunday
    _epoch(2026, 11, 21, 4, 5, 6),  # a Saturday
    _epoch(2026, 5, 13, 13, 14, 15),  # a Wednesday
    _epoch(1910, 6, 1, 1, 2, 3),  # offsets with seconds
    _epoch(2077, 7, 31, 22, 0, 0),  # beyond the tables of transitions
)

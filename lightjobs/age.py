"""Ages as people write them: "7 days", "1 week ago"."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from .strtotime import strtotime

# Two moments within one month of 31 days: what lies equally far from both is a length of time.
_BASES = (datetime(2001, 1, 10, 12, tzinfo=UTC), datetime(2001, 1, 11, 18, tzinfo=UTC))


def age(text: str) -> float:
    """How many seconds "7 days", "+7 days" or "7 days ago" are; a month counts as 31 days.

    Raises ValueError for what is no length of time, such as "tomorrow".
    """
    lengths = {abs((strtotime(text, base) - base).total_seconds()) for base in _BASES}
    if len(lengths) > 1:
        raise ValueError(f"{text!r} is no length of time such as 7 days")
    return lengths.pop()


def ago(text: str) -> float:
    """The unix time `text` ago: "1 week", "-1 week" and "1 week ago" say the same; a date in the
    past is that date. Raises ValueError for what PHP's strtotime does not read."""
    now = time.time()
    moment = strtotime(text).timestamp()
    return moment if moment <= now else 2 * now - moment

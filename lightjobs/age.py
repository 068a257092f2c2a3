"""Ages as people write them: "7 days", "1 week ago"."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from .strtotime import strtotime

_NUMBER = re.compile(r"[+-]?[0-9.]+")

# Two moments within one month of 31 days: what lies equally far from both is a length of time.
_BASES = (datetime(2001, 1, 10, 12, tzinfo=UTC), datetime(2001, 1, 11, 18, tzinfo=UTC))


def age(text: str) -> float:
    """How many seconds "7 days", "+7 days" or "7 days ago" are; a month counts as 31 days.

    Raises ValueError for what is no length of time, such as "tomorrow", or names no unit: PHP
    reads "+7" as a time zone.
    """
    lengths = {abs((strtotime(text, base) - base).total_seconds()) for base in _BASES}
    if len(lengths) > 1 or _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is no length of time such as 7 days")
    return lengths.pop()


def ago(text: str) -> float:
    """The unix time `text` ago: "1 week", "-1 week" and "1 week ago" say the same; a date in the
    past is that date. Raises ValueError for anything else."""
    now = time.time()
    try:
        return now - age(text)
    except ValueError:
        moment = strtotime(text).timestamp()
    if moment > now or _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text!r} is neither a length of time such as 7 days nor a past date")
    return moment

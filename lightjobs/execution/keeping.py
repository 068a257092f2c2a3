"""For how long a job and its result are kept: the values that `keepResult` may have."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from ..settings.duration import age
from .delay import LONGEST

KeepResult = str | timedelta | float | None
"""A length of time such as "+1 hour", a timedelta or seconds; None: as the retention says."""

LENGTH_ALLOWED = (
    "a length of time such as +1 hour, a timedelta or seconds, more than 0 and at most 100 years"
)

ALLOWED = f"{LENGTH_ALLOWED}, or None"


def is_keep_result(value: object) -> bool:
    """Whether `value` is a KeepResult. Raises ValueError for text that is no length of time."""
    return value is None or is_length(value)


def is_length(value: object) -> bool:
    """Whether `value` is such a length of time. Raises ValueError for text that is none."""
    if not isinstance(value, (str, timedelta, int, float)) or type(value) is bool:
        return False
    return 0 < seconds_of(value) <= LONGEST


def seconds_of(value: str | timedelta | float) -> float:
    """`value` in seconds. Raises ValueError for text that is no length of time."""
    if isinstance(value, str):
        return _KNOWN.get(value) or _age(str(value))
    return float(value.total_seconds() if isinstance(value, timedelta) else value)


_KNOWN = {"+1 day": 86_400.0}
"""The default of `uniqueFor`: reading it would load the parser, which takes each program 30 ms."""

_age = lru_cache(maxsize=256)(age)

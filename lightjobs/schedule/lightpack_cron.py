"""Cron expressions as Lightpack reads them, for entries that come from a PHP application."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from ..errors import JobDefinitionError
from ..text import shortened
from .recurrence import Cron, cron_text

_FIELDS = (range(60), range(24), range(1, 32), range(1, 13), range(7))
"""The values of minute, hour, day of month, month and day of week, where 0 is Sunday."""


class LightpackCron(Cron):
    """Due when all five fields match, each by Lightpack's rule. Raises JobDefinitionError for a
    text that is not five fields or is never due."""

    def __init__(self, text: str, zone: ZoneInfo) -> None:
        cron_text(text)
        fields = text.split()
        values = map(_matching, fields, _FIELDS)
        lists = [",".join(map(str, each)) for each in values]
        if not all(lists):
            raise _never_due(text)
        super().__init__(" ".join(lists), zone)
        self.text = f"{' '.join(fields)} as in Lightpack"
        self._cron.day_and = True
        if self.next_after(0) is None:
            raise _never_due(text)


def _matching(field: str, values: range) -> list[int]:
    return [value for value in values if _matches(field, value)]


def _matches(field: str, value: int) -> bool:
    """Lightpack tries these forms in turn, and each takes the whole field: in `1,5-7`, the range
    goes from 1 to 7."""
    if field == "*" or (field.isdecimal() and int(field) == value):
        return True
    bounds, steps = field.split("-"), field.split("/")
    if len(bounds) > 1 and _number(bounds[0]) <= value <= _number(bounds[1]):
        return True
    if len(steps) > 1 and value % _number(steps[1]) == 0:
        return True
    return "," in field and value in map(_number, field.split(","))


def _number(text: str) -> int:
    """The number that `text` begins with, or 0: PHP's cast to an integer."""
    found = re.match("[0-9]+", text)
    return int(found[0]) if found else 0


def _never_due(text: str) -> JobDefinitionError:
    return JobDefinitionError(f"cron({shortened(text)!r}) is never due in Lightpack")

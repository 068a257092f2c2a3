"""Checks of the arguments that the methods of `Event` take.

Each raises JobDefinitionError, which names the wrong argument and what is allowed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import JobDefinitionError
from ..strtotime import strtotime
from ..text import shortened
from .entry import ACCURACIES, NAME_LENGTH

_DAY = 86_400
_NO_ZONE = re.compile(r"localtime|posixrules|Factory|(posix|right)/.*")
"""Names that systems keep among the zones but that are not usable zones: they mean a different zone
on each machine, or none, or a clock that counts leap seconds."""
_TIME = re.compile(
    r"\s*0*([0-9]|1[0-9]|2[0-3])?\s*:\s*0*([0-9]|[1-5][0-9])?\s*(:\s*0*([0-9]|[1-5][0-9])\s*)?",
    re.ASCII,
)
"""Hours and minutes as Lightpack takes them, which casts each to an integer: without leading zeros,
with spaces, with seconds that it drops. What it misreads (7:05pm) or what is then never due (24:00)
is left out."""


def whole(where: str, value: int, least: int, most: int) -> None:
    """Refuse anything but an int from `least` to `most`."""
    if type(value) is not int or not least <= value <= most:
        raise JobDefinitionError(
            f"{where} is given {shortened(repr(value))}; allowed: {least} to {most:,}"
        )


def time_of_day(where: str, text: str) -> time:
    """The time that `text`, HH:MM, names. `7:5` is 07:05, a missing number is 0, and seconds are
    dropped, as in Lightpack."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    if found is None or not re.search("[0-9]", text):
        raise JobDefinitionError(
            f"{where} is given {shortened(repr(text))}; allowed: a time from 00:00 to 23:59"
        )
    return time(int(found[1] or 0), int(found[2] or 0))


def aware(where: str, moment: datetime) -> datetime:
    """`moment`, a datetime with a zone."""
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        raise JobDefinitionError(
            f"{where} is given {shortened(repr(moment))}; allowed: a datetime with a zone"
        )
    return moment


def zone(name: str) -> ZoneInfo:
    """The IANA zone called `name`."""
    try:
        if _NO_ZONE.fullmatch(name):
            raise ValueError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError, TypeError):
        raise JobDefinitionError(
            f"timezone({name!r}) is unknown; allowed: a name such as Europe/Paris or UTC"
        ) from None


def accuracy(word: str) -> str:
    """`word`, one of ACCURACIES."""
    if word not in ACCURACIES:
        raise JobDefinitionError(f"accuracy({word!r}); allowed: {', '.join(ACCURACIES)}")
    return word


def jitter(text: str) -> float:
    """The seconds that `text` adds to a moment: more than 0, a day at most."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    try:
        length = (strtotime(text, start) - start).total_seconds()
    except (ValueError, TypeError, AttributeError):
        length = 0.0
    if not 0 < length <= _DAY:
        raise JobDefinitionError(
            f"jitter({text!r}); allowed: a time up to a day, such as '+30 seconds'"
        )
    return length


def condition(asked: Callable[[], object]) -> Callable[[], object]:
    """`asked`, a function that can be called without arguments and returns its answer."""
    if not callable(asked) or not _returns_at_once(asked):
        raise JobDefinitionError(
            f"when({asked!r}); allowed: a function without parameters that is not async"
        )
    return asked


def _returns_at_once(asked: Callable[..., object]) -> bool:
    if any(map(inspect.iscoroutinefunction, (asked, type(asked).__call__))):
        return False
    try:
        inspect.signature(asked).bind()
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True


def entry_name(name: str) -> str:
    """`name`, a text that the stores can keep an entry under."""
    fits = isinstance(name, str) and 0 < len(name) <= NAME_LENGTH
    if not fits or not name.isprintable() or name != name.strip():
        raise JobDefinitionError(
            f"name({shortened(repr(name))}); allowed: 1 to {NAME_LENGTH} printable characters"
        )
    return name

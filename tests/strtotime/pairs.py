"""What is compared: a pair of an expression and a base, and what PHP and we answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from lightjobs.strtotime import strtotime
from lightjobs.strtotime.zone_names import ABBREVIATIONS, IDENTIFIERS

from .expressions import expression
from .formats import documented
from .moments import BASES, ZONES

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799
_DAY: Final = 86_400


class Pair(NamedTuple):
    """An expression and the base it is read from."""

    zone: str
    base: int
    """Epoch seconds."""
    expression: str


class Answer(NamedTuple):
    """A moment, or a refusal (`seconds` None, `microseconds` 0)."""

    seconds: int | None
    microseconds: int


def ours(pair: Pair) -> Answer:
    """What `lightjobs.strtotime` makes of a pair."""
    base = datetime.fromtimestamp(pair.base, ZoneInfo(pair.zone))
    try:
        elapsed = strtotime(pair.expression, base) - _EPOCH
    except ValueError:
        return Answer(None, 0)
    return Answer(elapsed // timedelta(seconds=1), elapsed.microseconds)


def agree(theirs: Answer, mine: Answer) -> bool:
    """Whether the answers are the same, but for moments outside the years 1-9999.

    PHP gives those; we promise to refuse them, and within a day of the bounds the zone decides.
    """
    if mine == theirs:
        return True
    if theirs.seconds is None or mine.seconds is not None:
        return False
    return not _FIRST_SECOND + _DAY <= theirs.seconds <= _LAST_SECOND - _DAY


def documented_pairs() -> Iterator[Pair]:
    """Every documented expression from three bases, chosen by a fixed seed."""
    random = Random("documented")
    for text in documented():
        for base in random.sample(BASES, 3):
            yield Pair(random.choice(ZONES), base, text)


def zone_name_pairs() -> Iterator[Pair]:
    """Every zone name, in a case chosen by a fixed seed."""
    random = Random("zones")
    cases = (str, str, str.lower, str.upper, str.title)
    for name in (*ABBREVIATIONS, *IDENTIFIERS.values()):
        base, time = random.choice(BASES), random.choice(("10:00 ", "2026-07-01T10:00:00.5", ""))
        yield Pair(random.choice(ZONES), base, time + random.choice(cases)(name))


def generated_pairs(count: int, seed: str = "generated") -> list[Pair]:
    """`count` distinct pairs with generated expressions, the same for the same seed."""
    random = Random(seed)
    pairs: dict[Pair, None] = {}
    while len(pairs) < count:
        pairs[Pair(random.choice(ZONES), random.choice(BASES), expression(random))] = None
    return list(pairs)

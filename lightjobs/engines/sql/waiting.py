"""How long claimed jobs have been due, by the store's clock.

A database that computes this for each row takes 0.8 µs longer for a job. But most jobs of a claim
are due at the same moment, so it is computed here, and once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import repeat
from operator import add, itemgetter
from typing import Any

from .rows import Row

SECOND, US = 9, 10
"""Where a row has when its job was due: the whole second as text, and the microseconds beyond. The
fields of a Claim but the last come before that."""

by_due_time = itemgetter(SECOND, US)
"""The order of jobs of one queue and priority."""

_fields = itemgetter(slice(SECOND))


def with_waits(rows: Sequence[Row], now: float, order: Callable[[Row], Any]) -> list[Row]:
    """The fields of a Claim for each of the `rows` of a claim that was made at `now` (unix seconds,
    by the store's clock). The rows are sorted, and jobs with the same `order` are due at the same
    moment."""
    waits: Iterable[float]
    if rows and order(rows[0]) == order(rows[-1]):
        waits = repeat(_since(now, *rows[0][SECOND : US + 1]))
    else:
        due = [row[SECOND : US + 1] for row in rows]
        known = {each: _since(now, *each) for each in set(due)}
        waits = map(known.__getitem__, due)
    return list(map(add, map(_fields, rows), zip(waits)))


def _since(now: float, second: object, us: object) -> float:
    """The seconds from that time until `now`, none if it is no time."""
    start = _unix(second)
    if start is None or not isinstance(us, int):
        return 0.0
    return max(0.0, now - start - us / 1_000_000)


@lru_cache(maxsize=256)
def _unix(second: object) -> float | None:
    """The unix time that the text `second` names in UTC; None if it names none."""
    try:
        return datetime.fromisoformat(second).replace(tzinfo=UTC).timestamp()  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None

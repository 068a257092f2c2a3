"""The value that `rateLimit()` returns, read as Lightpack reads it."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
"""Seconds of each unit, in Lightpack's order: if several are given, the first counts."""

JITTER = 0.2
"""Lightpack's default: a job that must wait comes back up to a fifth of the window later than it
could, so that such jobs do not all come back at once."""


LONGEST = 366 * 86_400.0
"""The longest time in seconds for which a job is put off: a leap year. Then it asks again."""


class Rate(NamedTuple):
    """At most `limit` runs in `window` seconds, over all workers, counted under `key`. `jitter` is
    a fraction of the window, and may be above 1."""

    limit: int
    window: float
    key: str
    jitter: float

    def delay(self, wait: float) -> float:
        """Seconds to put a job off if its window ends in `wait` seconds, at most LONGEST."""
        return min(wait + random.uniform(0, self.window * self.jitter), LONGEST)


class LimitUnknown(Exception):
    """The store did not answer whether the job may run now."""


def read(config: Mapping[str, Any] | None, handler: str) -> Rate | None:
    """The rate that `config` sets; None: no limit. Without a key, runs are counted for each
    handler.

    Raises ValueError for a config without a unit of time, or with a value out of range.
    """
    if config is None:
        return None
    if not isinstance(config, Mapping):
        raise ValueError(
            f"rateLimit() is {config!r}; allowed: None, or a dict such as "
            "{'limit': 10, 'minutes': 1}"
        )
    unit = next((unit for unit in UNITS if config.get(unit) is not None), None)
    if unit is None:
        raise ValueError(f"rateLimit() names no unit of time; allowed: {', '.join(UNITS)}")
    limit, window = _number(config.get("limit")), _number(config[unit])
    jitter = _number(config.get("jitter", JITTER))
    if limit is None:
        return None
    if type(limit) is not int or limit < 0:
        raise ValueError(f"rateLimit() has the limit {limit!r}; allowed: a whole number from 0")
    if not isinstance(window, (int, float)) or not 0 < window < math.inf:
        raise ValueError(f"rateLimit() has {window!r} {unit}; allowed: a number above 0")
    if not isinstance(jitter, (int, float)) or not 0 <= jitter < math.inf:
        raise ValueError(f"rateLimit() has the jitter {jitter!r}; allowed: a number from 0")
    key = str(config.get("key") or "job:" + handler.replace("\\", "."))
    return Rate(limit, float(window) * UNITS[unit], key, float(jitter))


def _number(value: Any) -> Any:
    """`value`, as a number if it is text that holds one: PHP treats both alike."""
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        with suppress(ValueError):
            return kind(value)
    return value

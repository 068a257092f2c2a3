"""When a failed run is repeated: the values that `retryAfter` may have, and the time each gives."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import JobDefinitionError
from ..process import clock
from ..strtotime import strtotime
from ..text import shortened

LONGEST = 366 * 86_400.0
"""The longest wait in seconds that a Backoff may have: a leap year."""

_PLAIN = re.compile(r"now|[+-]?[0-9]{1,5} (?:second|minute|hour|day|week)s?")
"""Expressions that are valid without asking the parser. Importing that takes 30 ms, and a worker
that starts only checks the classes it finds: it may never need the parser."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double: `base` seconds after the first run, at most `cap` seconds. Each is then
    changed at random by up to ± `jitter` of itself (0.5: by half), so that jobs that failed
    together are not all repeated together.

    The defaults are Hummingbird's: 2, 4, 8 seconds…, cap 120, jitter 0.5. `attempts` applies to a
    job that sets no attempts of its own. Raises JobDefinitionError for a value out of range.
    """

    attempts: int = 4
    base: float = 2.0
    cap: float = 120.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        _require(is_attempts(self.attempts), "attempts", self.attempts, ATTEMPTS_ALLOWED)
        seconds = f"seconds above 0, at most {LONGEST:,.0f}"
        _require(_within(self.base, LONGEST) and self.base > 0, "base", self.base, seconds)
        fits = _within(self.cap, LONGEST) and self.cap >= self.base
        _require(fits, "cap", self.cap, f"seconds from base, at most {LONGEST:,.0f}")
        _require(_within(self.jitter, 1), "jitter", self.jitter, "0 to 1")

    def seconds(self, attempt: int) -> float:
        """Seconds to wait after run number `attempt`, counted from 1."""
        # 900 doublings take any base beyond any cap, and the result still fits a float.
        wait = min(math.ldexp(self.base, min(attempt - 1, 900)), self.cap)
        return wait * (1 + random.uniform(-self.jitter, self.jitter))


RetryAfter = str | Sequence[str] | Backoff
"""One strtotime expression, a sequence of them (one for each attempt, the last for all further
ones), or a Backoff."""

ATTEMPTS_ALLOWED = "a whole number from 1 to 1,000,000"


def is_attempts(value: object) -> bool:
    """Whether `value` is a valid number of attempts."""
    return isinstance(value, int) and type(value) is not bool and 1 <= value <= 1_000_000


def is_retry_after(value: object) -> bool:
    """Whether `value` is a RetryAfter. Raises ValueError for an expression PHP cannot read."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(each, str) and is_moment(each) for each in value)
    return isinstance(value, Backoff) or (isinstance(value, str) and is_moment(value))


def due(policy: RetryAfter, attempt: int) -> float:
    """The unix time at which to repeat run number `attempt`, which has just failed. Raises
    ValueError for an expression that PHP cannot read."""
    if isinstance(policy, Backoff):
        return clock.now() + policy.seconds(attempt)
    if not isinstance(policy, str):
        policy = policy[min(attempt, len(policy)) - 1]
    return strtotime(policy).timestamp()


def to_json(value: object) -> Any:
    """The form of a Backoff in a job's stored options; for `json.dumps(default=…)`."""
    if isinstance(value, Backoff):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} cannot be stored with a job")


def from_json(value: Any) -> Any:
    """The policy that was stored as `value`. An expression is not checked before it is needed.
    Raises JobDefinitionError for an object that is not a Backoff."""
    if not isinstance(value, dict):
        return value
    try:
        return Backoff(**value)
    except TypeError:
        raise JobDefinitionError(f"not a Backoff: {shortened(repr(value))}") from None


def is_moment(expression: str) -> bool:
    """True for an `expression` that PHP can read. Raises ValueError for any other."""
    return _PLAIN.fullmatch(expression) is not None or strtotime(expression) is not None


def _within(value: object, most: float) -> bool:
    return type(value) in (int, float) and 0 <= value <= most  # type: ignore[operator]


def _require(right: bool, name: str, value: object, allowed: str) -> None:
    if not right:
        raise JobDefinitionError(
            f"Backoff's {name} is {shortened(repr(value))}; allowed: {allowed}"
        )

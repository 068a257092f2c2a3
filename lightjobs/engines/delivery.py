"""Storing jobs unless the store is silent for too long, or raising an error that says whether they
are stored."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from typing import TypeVar

from ..errors import LoginRefused, StoreInDoubt, StoreUnavailable

PAUSE_SECONDS = (0.002, 0.25)
"""The first and the longest pause between two attempts."""

_T = TypeVar("_T")


class ConnectionLost(StoreUnavailable):
    """The connection broke, or the time ran out, before the answer came: the request may or may not
    have been carried out."""


class Unsent(ConnectionLost):
    """The connection broke before the whole request was sent: none of it was carried out."""


class Refused(StoreUnavailable):
    """The store refuses the request, for example its size: waiting does not help."""


class Patience:
    """How long a request waits for a silent store: `seconds`, again after each answer. A batch of
    100,000 jobs takes many statements, and may take longer than a store may be silent."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        """The monotonic time until which the next answer must have come."""

    def answered(self) -> None:
        """Begin the time anew, because the store has answered and owes nothing else."""
        self.deadline = time.monotonic() + self.seconds


FOREVER = Patience(math.inf)
"""The patience of a request that waits as long as any other."""


def deliver(
    push: Callable[[Patience], _T],
    count: int,
    seconds: float,
    store: str,
    again: float | None = None,
) -> _T:
    """Return what `push(patience)` returns. The store may be silent for `seconds`.

    A push that raises StoreUnavailable has stored none of its `count` jobs and is tried again, as
    long as `seconds` are not over, or those of `again` if it is given. These errors end it at once:
    Refused and LoginRefused, and ConnectionLost (unless it is Unsent), after which trying again
    could store the jobs twice.

    Raises StoreUnavailable when the jobs are not stored, StoreInDoubt when that is unknown; their
    texts begin with `store`. Other errors pass unchanged.
    """
    began = time.monotonic()
    deadline = began + seconds
    last = deadline if again is None else began + again
    pause = PAUSE_SECONDS[0]
    while True:
        patience = Patience(seconds)
        patience.deadline = deadline
        try:
            return push(patience)
        except StoreUnavailable as error:
            kind = _raised_for(error)
            over = time.monotonic() + pause >= last
            if over or kind is not StoreUnavailable or isinstance(error, Refused):
                raise undelivered(kind, error, count, store) from error
        # Jitter: two pushes that collided would otherwise collide again.
        time.sleep(pause * random.uniform(0.5, 1))
        pause = min(2 * pause, PAUSE_SECONDS[1])


def _raised_for(error: StoreUnavailable) -> type[StoreUnavailable]:
    """The class of the error for a push that ended with `error`."""
    if is_in_doubt(error):
        return StoreInDoubt
    return LoginRefused if isinstance(error, LoginRefused) else StoreUnavailable


def undelivered(
    kind: type[StoreUnavailable], reason: StoreUnavailable, count: int, store: str
) -> StoreUnavailable:
    """The error of class `kind` for `count` jobs whose push ended with `reason`."""
    became = "may or may not have been stored" if kind is StoreInDoubt else "was not stored"
    return kind(f"{store}: {jobs_in_words(count)} {became}: {reason}")


def is_in_doubt(error: StoreUnavailable) -> bool:
    """Whether the request that raised `error` may have been carried out."""
    return isinstance(error, ConnectionLost) and not isinstance(error, Unsent)


def jobs_in_words(count: int) -> str:
    """What an error calls the jobs of one push."""
    return "the job" if count == 1 else f"the batch of {count} jobs"

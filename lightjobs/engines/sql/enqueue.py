"""What a producer is told: stored within a time, or an error that says whether it may be stored."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from ...errors import StoreInDoubt, StoreUnavailable
from .database import ConnectionLost, Refused, Unsent

PAUSE_SECONDS = (0.002, 0.25)
"""First and longest pause between two attempts."""

T = TypeVar("T")


def stored(push: Callable[[], T], what: str, seconds: float) -> T:
    """What `push` returns. While `what` is known not to be stored it is tried again, until
    `seconds` are over. Raises StoreUnavailable, or StoreInDoubt when the answer was lost."""
    deadline = time.monotonic() + seconds
    pause = PAUSE_SECONDS[0]
    while True:
        try:
            return push()
        except StoreUnavailable as error:
            if isinstance(error, ConnectionLost) and not isinstance(error, Unsent):
                raise StoreInDoubt(
                    f"database: {what} may or may not have been stored: {error}"
                ) from error
            over = time.monotonic() + pause >= deadline
            if over or isinstance(error, Refused):
                raise StoreUnavailable(f"database: {what} was not stored: {error}") from error
        # Jitter: whoever collided would do so again.
        time.sleep(pause * random.uniform(0.5, 1))
        pause = min(2 * pause, PAUSE_SECONDS[1])

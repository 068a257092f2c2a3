"""The time of day by which jobs become due in this process. A test may move it."""

from __future__ import annotations

import time

_ahead = 0.0


def now() -> float:
    """The time in unix seconds, as far ahead of the system's clock as it was moved."""
    return time.time() + _ahead


def move(seconds: float) -> None:
    """Move the clock of this process by `seconds`, forward or back."""
    global _ahead
    _ahead += seconds


def reset() -> None:
    """Have the clock show the system's time again."""
    global _ahead
    _ahead = 0.0

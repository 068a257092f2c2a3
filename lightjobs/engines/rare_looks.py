"""Looking less often for what is rarely there, where a look takes long."""

from __future__ import annotations

import time
from collections.abc import Callable

QUICK_SECONDS = 0.1
"""A look that takes no longer may be repeated as often as the caller likes."""

REST = 100
"""After a look that took longer and found nothing, the next one is this many times as long away."""


class RareLooks:
    """The looks of one process for one thing."""

    def __init__(self) -> None:
        self._next_at = 0.0

    def look(self, act: Callable[[], int]) -> int:
        """What `act` returns, the number of things that it has found; 0 without calling it as long
        as it is too early."""
        began = time.monotonic()
        if began < self._next_at:
            return 0
        found = act()
        took = time.monotonic() - began
        if not found and took > QUICK_SECONDS:
            self._next_at = began + REST * took
        return found

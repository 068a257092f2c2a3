"""How often an idle worker looks for due jobs: the more a look costs, the less often."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

CHEAP = 20
"""A look at no more than this many places costs so little that it is never put off."""

PLACE_SECONDS = 0.002
"""How long a look is put off for each further place."""

MOST_SECONDS = 1.0
"""The longest that a look is put off."""


class Looks(threading.local):
    """The last look of this thread."""

    _at: object = None
    _due_at = math.inf
    _until = -math.inf

    def due_at(self, at: object, look: Callable[[], tuple[float, int]]) -> float:
        """The monotonic time when the first waiting job is due, inf when none waits.

        `look` asks the store: in how many seconds that is, and at how many places it found
        something to look at. The last answer serves again for a while if it was about the same,
        according to `at`, and no job has become due since."""
        if at != self._at or time.monotonic() >= min(self._until, self._due_at):
            due_in, places = look()
            now = time.monotonic()
            self._at, self._due_at = at, now + due_in
            self._until = now + min(MOST_SECONDS, PLACE_SECONDS * (places - CHEAP))
        return self._due_at

    def forget(self) -> None:
        """Look anew the next time."""
        self._at = None

"""The scheduler in a thread, beside workers in the same process."""

from __future__ import annotations

import logging
import threading
import time

from ..errors import LightjobsError, StoreUnavailable
from .scheduler import AWAY_SECONDS, Scheduler

STOP_SECONDS = 5.0
"""How long to wait for its end; going on for a while loses and doubles nothing."""

_log = logging.getLogger("lightjobs.schedule")


class SchedulerThread(threading.Thread):
    """Dispatches until `stop`, as `schedule:work` does."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(name="schedule", daemon=True)
        self._scheduler = scheduler
        self._over = threading.Event()

    def run(self) -> None:
        begun = False
        until = 0.0
        while not self._over.wait(max(0.0, until - time.time())):
            now = time.time()
            try:
                if not begun:
                    self._scheduler.begin(now, beside_others=True)
                    begun = True
                until = self._scheduler.tick(now)
            except StoreUnavailable as error:
                _log.warning("the store is away: %s", error)
                until = now + AWAY_SECONDS
            except LightjobsError as error:
                _log.error("nothing is scheduled any more: %s", error)
                return

    def stop(self) -> None:
        """End the thread; returns when it has ended, unless the store or a when() holds it."""
        self._over.set()
        self.join(STOP_SECONDS)

"""The scheduler in a thread, next to workers in the same process."""

from __future__ import annotations

import logging
import threading
import time

from ..engines import outage
from ..errors import LightjobsError, StoreUnavailable
from .scheduler import AWAY_SECONDS, Scheduler

STOP_SECONDS = 5.0
"""How long `stop` waits for the thread. If it goes on for a while, that loses no job and dispatches
none twice."""

_log = logging.getLogger("lightjobs.schedule")


class SchedulerThread(threading.Thread):
    """Dispatches jobs until `stop`, as `schedule:work` does."""

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
                    self._scheduler.begin(now, among_others=True)
                    begun = True
                until = self._scheduler.tick(now)
            except StoreUnavailable as error:
                outage.away(_log, error)
                until = now + AWAY_SECONDS
            except LightjobsError as error:
                _log.error("the scheduler has stopped: %s", error)
                return

    def stop(self) -> None:
        """Stop the thread. Returns when it has ended, or after STOP_SECONDS if the store or a
        `when` keeps it busy."""
        self._over.set()
        self.join(STOP_SECONDS)

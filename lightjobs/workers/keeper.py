"""The keeper: a thread beside the loop, for when a job turns out long.

The main thread may be inside a handler for minutes. The keeper sees to it that the other jobs of
the child do not wait for that handler, and that a handler learns of a cancellation.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from ..engines.control import Engine
from ..errors import StoreUnavailable
from .claiming import Claiming
from .in_flight import InFlight
from .job_log import JobLog
from .runners import Runner
from .settling import Settling

RELIEF_SECONDS = 0.05
"""When a job has run this long, those claimed behind it are handed back."""

CANCEL_SECONDS = 1.0
"""How often to look whether a running job has been cancelled."""

LONG_SECONDS = 0.5
"""The store is not asked about a job before it has run this long: quick jobs must not pay."""

_log = logging.getLogger("lightjobs.worker")


class Keeper(threading.Thread):
    """Looks in every few milliseconds, and calls `checks` each time."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        in_flight: InFlight,
        claiming: Claiming,
        settling: Settling,
        runner: Runner,
        job_log: JobLog,
        checks: Sequence[Callable[[], None]],
    ) -> None:
        super().__init__(name="keeper", daemon=True)
        self._engine = engine
        self._worker = worker
        self._in_flight = in_flight
        self._claiming = claiming
        self._settling = settling
        self._runner = runner
        self._job_log = job_log
        self._checks = checks
        self._cancel_at = 0.0  # when to look for cancelled jobs
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(self._pause()):
            try:
                for check in self._checks:
                    check()
                self._relieve()
                self._tell_cancelled()
            except StoreUnavailable:
                pass  # the loop meets the same error and reports it
            except Exception:
                _log.exception("the keeper could not relieve the loop")

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._over.set()
        self.join()

    def _pause(self) -> float:
        """How long until the next look: an idle worker should cost next to nothing."""
        return RELIEF_SECONDS if len(self._in_flight) else 2 * RELIEF_SECONDS

    def _relieve(self) -> None:
        """If a running job has become long: settle what has finished and hand back what has not
        started."""
        self._job_log.flush()
        if not self._in_flight.running_for(RELIEF_SECONDS):
            return
        if self._runner.free() <= 0:
            self._claiming.prefetch.careful()
            self._claiming.hand_back(self._in_flight.take_waiting())
        self._settling.settle(self._in_flight.take_finished())

    def _tell_cancelled(self) -> None:
        """Tell the jobs that have been running for long and are no longer held."""
        now = time.monotonic()
        if now < self._cancel_at:
            return
        running = [run for run in self._in_flight.running_for(LONG_SECONDS) if not run.cancelled]
        if not running:
            return
        self._cancel_at = now + CANCEL_SECONDS
        waiting = list(self._in_flight.waiting)
        held = {claim[:2] for claim in self._engine.held(self._worker)}
        for run in running:
            if run.claim[:2] not in held and not run.is_completing:
                self._runner.cancel(run)
        gone = [run for run in waiting if run.claim[:2] not in held]
        # Their outcomes are refused, but the store then knows that this worker lets go of them.
        self._claiming.hand_back([run for run in gone if self._in_flight.take(run)])

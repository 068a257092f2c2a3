"""The keeper: a thread next to the loop that steps in when a job turns out to be long.

The loop's thread may be inside a handler for minutes. The keeper makes sure that the worker's other
jobs do not wait for that handler, and that the handler learns when its job is cancelled.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from ..engines import answer_limit
from ..engines.control import Engine
from ..engines.partly import PartlyHeld
from ..errors import StoreUnavailable
from .claiming import Claiming
from .in_flight import InFlight
from .logs.job_log import JobLog
from .runners import Runner
from .settling import Settling
from .store_limits import answer_seconds
from .strays import Strays
from .turnover import Turnover

RELIEF_SECONDS = 0.05
"""When a job has waited this long behind jobs that run, it is handed back."""

CANCEL_SECONDS = 1.0
"""How often to ask the store whether running jobs have been cancelled."""

LONG_SECONDS = 0.5
"""The store is not asked about a job before it has run this long: quick jobs must not pay for
that."""

_log = logging.getLogger("lightjobs.worker")


class Keeper(threading.Thread):
    """Looks every few milliseconds whether it must step in. Calls `checks` each time."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        lease: float,
        in_flight: InFlight,
        claiming: Claiming,
        settling: Settling,
        turnover: Turnover,
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
        self._turnover = turnover
        self._runner = runner
        self._job_log = job_log
        self._checks = checks
        self._strays = Strays(engine, worker, in_flight, claiming, lease / 3)
        self._answer_seconds = answer_seconds(lease)
        self._next_cancel_check = 0.0
        self._over = threading.Event()

    def run(self) -> None:
        answer_limit.set_for_thread(self._answer_seconds)
        while not self._over.wait(self._pause()):
            try:
                for check in self._checks:
                    check()
                self._relieve()
                self._tell_cancelled()
                self._strays.check()
            except StoreUnavailable:
                pass  # the loop meets the same error and reports it
            except Exception:
                _log.exception("the keeper could not relieve the loop")

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._over.set()
        self.join()

    def _pause(self) -> float:
        """The time until the next look. It is longer in an idle worker, which should cost next to
        nothing."""
        return RELIEF_SECONDS if len(self._in_flight) else 2 * RELIEF_SECONDS

    def _relieve(self) -> None:
        """If jobs wait for places that long jobs occupy, hand them back. Settle the finished runs
        if the loop's thread cannot, because it is inside the handler of a long job."""
        self._job_log.flush()
        waiting = self._in_flight.has_waited(RELIEF_SECONDS)
        if (waiting or self._turnover.has_waited(RELIEF_SECONDS)) and self._runner.free() <= 0:
            self._turnover.end(free=0)
            self._claiming.prefetch.restart()
            self._claiming.hand_back(self._in_flight.take_waiting())
        if self._runner.runs_in_loop and self._in_flight.running_for(RELIEF_SECONDS):
            self._settling.settle(self._in_flight.take_finished())

    def _tell_cancelled(self) -> None:
        """Tell each long-running job that the store no longer counts as held here."""
        now = time.monotonic()
        if now < self._next_cancel_check:
            return
        running = [run for run in self._in_flight.running_for(LONG_SECONDS) if not run.cancelled]
        if not running:
            return
        self._next_cancel_check = now + CANCEL_SECONDS
        waiting = list(self._in_flight.waiting)
        is_known: Callable[[str], bool] = bool
        try:
            claims = self._engine.held(self._worker)
        except PartlyHeld as part:
            claims, is_known = part.claims, part.is_known
        held = {claim[:2] for claim in claims}
        for run in running:
            if run.claim[:2] not in held and is_known(run.claim.id) and not run.is_completing:
                self._runner.cancel(run)
        gone = [run for run in waiting if run.claim[:2] not in held and is_known(run.claim.id)]
        # The store refuses these outcomes, but learns from them that this worker has let go.
        self._claiming.hand_back([run for run in gone if self._in_flight.take(run)])

"""The heartbeat of local workers: a thread that does for them what a supervisor does for its
children."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from ..engines.control import Engine
from ..errors import LightjobsError
from .background import BackgroundWork
from .local_worker import LocalWorker
from .periodic import Periodic, Task

MAINTAIN_SECONDS = 10.0
"""How often the store is asked to do its maintenance: above all, to delete ended jobs that are kept
no longer."""

CHECK_SECONDS = 0.05
"""How often a Heartbeat calls its `check`."""

SWEEP_SECONDS = 1.0
"""The longest pause between two searches for workers whose lease ran out."""

_log = logging.getLogger("lightjobs.worker")


def sweep_seconds(lease: float) -> float:
    """The pause between two searches for workers whose lease of `lease` seconds ran out. It must be
    well within a lease: the store takes a longer pause for an outage, after which it recovers
    nothing at first."""
    return min(SWEEP_SECONDS, lease / 3)


def log_given_up(worker: str) -> None:
    """Log that other workers have given up `worker`, and that it will be replaced."""
    _log.warning("worker %s was given up by others; replacing it", worker)


class Heartbeat(threading.Thread):
    """Beats for local workers, and ends those that other workers have given up. Recovers the jobs
    of workers that are dead. Calls `check` every CHECK_SECONDS."""

    def __init__(
        self,
        engine: Engine,
        lease: float,
        local_workers: Callable[[], Sequence[LocalWorker]],
        check: Callable[[], None],
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._engine = engine
        self._lease = lease
        self._local_workers = local_workers
        self._check = check
        self._over = threading.Event()
        self._maintenance = BackgroundWork(engine.maintain)

    def run(self) -> None:
        periodic = Periodic(
            [
                Task(self._lease / 3, self._beat),
                Task(sweep_seconds(self._lease), self._sweep),
                Task(MAINTAIN_SECONDS, self._maintenance),
            ],
            at_once=True,
        )
        while not self._over.wait(CHECK_SECONDS):
            self._check()
            periodic.run_due(self._attempt)

    def _attempt(self, run: Callable[[], None]) -> bool:
        try:
            run()
        except LightjobsError as error:
            _log.warning("the store is away: %s", error)
            return False
        return True

    def _beat(self) -> None:
        workers = {worker.name: worker for worker in self._local_workers()}
        for name in self._engine.beat(list(workers), self._lease):
            if not workers[name].given_up:
                log_given_up(name)
                workers[name].give_up()

    def _sweep(self) -> None:
        self._engine.recover(lease=self._lease)

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._over.set()
        self.join()
        self._maintenance.stop()

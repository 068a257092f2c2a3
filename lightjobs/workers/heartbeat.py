"""The heartbeat of workers that live in this process: the thread that does for them what a
supervisor does for its children."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from ..engines.control import Engine
from ..errors import LightjobsError
from .background import BackgroundTask
from .local_worker import LocalWorker
from .periodic import Periodic, Task

MAINTAIN_SECONDS = 10.0
"""How often workers have the store do its upkeep: delete ended jobs that are no longer kept."""

LOOK_SECONDS = 0.05
"""How often the heartbeat lets its owner look in."""

SWEEP_SECONDS = 1.0
"""The longest pause between two looks for workers whose lease ran out."""

_log = logging.getLogger("lightjobs.worker")


def sweep_seconds(lease: float) -> float:
    """How often to look for dead workers. This must be well within a lease: a longer pause means an
    outage to the store, and after one nothing is recovered at first."""
    return min(SWEEP_SECONDS, lease / 3)


class Heartbeat(threading.Thread):
    """Beats for local workers and recovers the jobs of workers that are dead. A local worker that
    others have given up is ended. `look` is called now and then."""

    def __init__(
        self,
        engine: Engine,
        lease: float,
        local_workers: Callable[[], Sequence[LocalWorker]],
        look: Callable[[], None],
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._engine = engine
        self._lease = lease
        self._local_workers = local_workers
        self._look = look
        self._over = threading.Event()
        self._maintenance = BackgroundTask(engine.maintain)

    def run(self) -> None:
        periodic = Periodic(
            [
                Task(self._lease / 3, self._beat),
                Task(sweep_seconds(self._lease), self._sweep),
                Task(MAINTAIN_SECONDS, self._maintenance),
            ],
            at_once=True,
        )
        while not self._over.wait(LOOK_SECONDS):
            self._look()
            periodic.run_due(self._attempt)

    def _attempt(self, run: Callable[[], None]) -> None:
        try:
            run()
        except LightjobsError as error:
            _log.warning("the store is away: %s", error)

    def _beat(self) -> None:
        local = {worker.name: worker for worker in self._local_workers()}
        for name in self._engine.beat(list(local), self._lease):
            if not local[name].given_up:
                _log.error("worker %s was given up by others; replacing it", name)
                local[name].give_up()

    def _sweep(self) -> None:
        self._engine.recover(lease=self._lease)

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._over.set()
        self.join()
        self._maintenance.stop()

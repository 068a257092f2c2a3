"""The heartbeat of local workers: threads that do for them what a supervisor does for its
children."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ..engines import outage
from ..engines.control import Engine
from ..errors import LightjobsError
from ..settings.settings import Settings
from . import vitals
from .history import FINISH_SECONDS, HISTORY_SECONDS, History
from .local_worker import LocalWorker
from .observer import Observer
from .options import Options
from .periodic import Task
from .periodic_thread import PeriodicThread, stop
from .self_note import NOTE_SECONDS
from .store_limits import answer_seconds, beat_seconds

if TYPE_CHECKING:
    from .beat_process import BeatProcess

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


def maintain(engine: Engine) -> None:
    """Have the store do its maintenance, and log how many jobs that deleted."""
    deleted = engine.maintain()
    if deleted:
        _log.info("deleted %d ended jobs that are kept no longer", deleted)


def upkeep_thread(
    engine: Engine,
    options: Options,
    observer: Observer,
    attempt: Callable[[Callable[[], None]], bool],
) -> PeriodicThread:
    """A thread that has the store do its maintenance and, if a history is kept, sends what
    `observer` has counted. `attempt` is that of a PeriodicThread."""
    tasks = [Task(MAINTAIN_SECONDS, partial(maintain, engine))]
    at_end = None
    if options.keep_history:
        history = History(engine, observer)
        tasks.append(Task(HISTORY_SECONDS, history.send))
        at_end = history.send_rest
    limit = answer_seconds(options.lease)
    return PeriodicThread("maintain", tasks, attempt, limit, at_once=True, at_end=at_end)


def log_given_up(worker: str) -> None:
    """Log that other workers have given up `worker`, and that it will be replaced."""
    _log.warning("worker %s was given up by others; replacing it", worker)


class Heartbeat:
    """Beats for local workers, and ends those that other workers have given up. Recovers the jobs
    of workers that are dead. Calls `check` every CHECK_SECONDS.

    Each of these has a thread of its own: none waits for a store that another one is waiting for.
    """

    def __init__(
        self,
        engine: Engine,
        options: Options,
        local_workers: Callable[[], Sequence[LocalWorker]],
        check: Callable[[], None],
        settings: Settings | None = None,
    ) -> None:
        """With `settings`, those of `engine`, a process beats as well: see there."""
        self._process: BeatProcess | None = None
        if settings is not None and engine.unworkable is None:
            from .beat_process import BeatProcess  # here: supervisors need none; 2 ms of a start

            self._process = BeatProcess(settings, options.lease)
        self._engine = engine
        self._lease = lease = options.lease
        self._local_workers = local_workers
        self.observer = Observer(options)
        self._announced: set[str] = set()
        waits = answer_seconds(lease)
        self._check = check
        self._upkeep = upkeep_thread(engine, options, self.observer, self._attempt)
        self._beats = self._thread("beat", lease / 3, self._beat, beat_seconds(lease))
        self._threads = [
            self._thread("check", CHECK_SECONDS, self._look, waits),
            self._beats,
            self._thread("sweep", sweep_seconds(lease), self._sweep, waits),
        ]

    def _thread(
        self, name: str, interval: float, run: Callable[[], None], limit: float
    ) -> PeriodicThread:
        return PeriodicThread(name, [Task(interval, run)], self._attempt, limit, at_once=True)

    def announce(self) -> None:
        """Observe the present workers, and have the process beat for them. To be called before a
        new one runs its first job, which may keep every thread of this process from running."""
        workers = {worker.name: worker for worker in self._local_workers()}
        for name in workers.keys() - self._announced:
            self.observer.follow(name, os.getpid(), workers[name].journal.observed)
            self._beats.hurry(NOTE_SECONDS)
        for name in self._announced - workers.keys():
            self.observer.forget(name)
        self._announced = set(workers)
        if self._process is not None:
            self._process.beat_for([worker.name for worker in self._local_workers()])

    def start(self) -> None:
        """Start the threads."""
        vitals.offer(self.observer.vitals)
        for thread in [*self._threads, self._upkeep]:
            thread.start()

    def finish_first_upkeep(self, is_urgent: Callable[[], bool]) -> None:
        """Wait for the first maintenance of the store; see `PeriodicThread.finish_first`."""
        self._upkeep.finish_first(is_urgent)

    def stop(self, is_urgent: Callable[[], bool] = lambda: False) -> None:
        """Send the rest of the history, which takes FINISH_SECONDS at most unless the stop
        `is_urgent`, and end the threads. One that still waits for the store after STOP_SECONDS is
        left to itself."""
        self.observer.is_stopping = True
        self._upkeep.finish(FINISH_SECONDS, is_urgent)
        stop(self._threads)
        vitals.withdraw(self.observer.vitals)
        self.observer.forget_all()
        if self._process is not None:
            self._process.stop()

    def _attempt(self, run: Callable[[], None]) -> bool:
        try:
            run()
            outage.back(_log)
        except LightjobsError as error:
            outage.away(_log, error)
            return False
        except Exception:  # for example, no descriptor is free: the next call may succeed
            _log.exception("left for the next time")
            return False
        return True

    def _look(self) -> None:
        self.observer.turned_at = time.monotonic()
        self._check()

    def _beat(self) -> None:
        self.announce()
        workers = {worker.name: worker for worker in self._local_workers()}
        for name in self.observer.beat(self._engine, list(workers)):
            if not (workers[name].given_up or workers[name].has_ended):
                log_given_up(name)
                workers[name].give_up()

    def _sweep(self) -> None:
        self.observer.recovered += self._engine.recover(lease=self._lease)

"""A registered worker whose loop runs in this process, and the thread that beats for such ones."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..model import Outcome
from . import late_hooks
from .background import BackgroundTask
from .job_log import JobLog
from .loop import Loop
from .options import Options
from .reclaim import reclaim
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag
from .supervisor import EXPIRE_SECONDS, new_worker_name, sweep_seconds

LOOK_SECONDS = 0.05
"""How often the heartbeat lets its owner look in."""

_log = logging.getLogger("lightjobs.worker")


class LocalWorker:
    """A worker, its journal and its loop; for the thread that calls `run`."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        job_log: JobLog,
        stop: StopFlag,
        budget: RunBudget | None = None,
        late: Sequence[Outcome] = (),
    ) -> None:
        """`late` are the outcomes of another local's jobs whose hooks it could not call."""
        self.worker = new_worker_name()
        self.stop = stop
        self.journal = Journal()
        self._engine = engine
        engine.register(self.worker, options.lease)
        self._loop = Loop(engine, self.worker, options, self.journal, job_log, stop, budget)
        self._loop.take_over(late_hooks.runs(engine, late))

    def run(self) -> None:
        """Work until the `stop` flag is raised; then the store forgets this worker."""
        try:
            self._loop.run()
        finally:
            with contextlib.suppress(StoreUnavailable):  # then it is left to the lease
                self._engine.recover(self.worker)

    @property
    def given_up(self) -> bool:
        """Whether others have, or the store has, given this worker up."""
        return self._loop.given_up

    def give_up(self) -> None:
        """End `run`: others have given this worker up."""
        self._loop.given_up = True

    def leave(self, timed_out: Mapping[tuple[str, int], Outcome]) -> list[Outcome]:
        """Give up all it holds, though it runs: at no cost, but for `timed_out`, whose outcomes are
        these; returns those that were accepted. What its thread does from now on counts for
        nothing."""
        self.stop.raise_()
        return reclaim(self._engine, self.worker, self.journal, True, timed_out).timed_out


class Heartbeat(threading.Thread):
    """Does what the supervisor would: beats for the local workers and recovers the jobs of dead
    ones. A local worker that was given up by others is ended. `look` is called now and then."""

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
        self._expiry = BackgroundTask(engine.maintain)

    def run(self) -> None:
        tasks: list[tuple[float, Callable[[], None]]] = [
            (self._lease / 3, self._beat),
            (sweep_seconds(self._lease), self._sweep),
            (EXPIRE_SECONDS, self._expiry),
        ]
        next_at = [0.0] * len(tasks)
        while not self._over.wait(LOOK_SECONDS):
            self._look()
            now = time.monotonic()
            for index, (seconds, task) in enumerate(tasks):
                if now >= next_at[index]:
                    next_at[index] = now + seconds
                    try:
                        task()
                    except LightjobsError as error:
                        _log.warning("the store is away: %s", error)

    def _beat(self) -> None:
        local_workers = {local.worker: local for local in self._local_workers()}
        for worker in self._engine.beat(list(local_workers), self._lease):
            if not local_workers[worker].given_up:
                _log.error("worker %s was given up by others; replacing it", worker)
                local_workers[worker].give_up()

    def _sweep(self) -> None:
        self._engine.recover(lease=self._lease)

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._over.set()
        self.join()
        self._expiry.stop()

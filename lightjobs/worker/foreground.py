"""`job:work --workers=0`: jobs run in the calling process, for debuggers and where there is no
fork. A thread does what the supervisor would: it beats and looks for the dead."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable

from ..engines.base import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..record import Outcome
from ..schedule import command as _command  # noqa: F401 - makes RunCommand known
from .budget import Budget
from .flag import Flag
from .journal import Journal
from .lines import Lines
from .loop import Loop
from .options import Options
from .put_back import put_back
from .supervisor import EXPIRE_SECONDS, new_worker_name, sweep_seconds

_log = logging.getLogger("lightjobs.worker")


def work(
    engine: Engine, options: Options, lines: Lines, on_ready: Callable[[], None] = lambda: None
) -> int:
    """Work in this process and thread until asked to stop; returns the exit status. TERM and INT
    stop it gracefully; a second one, or the end of the grace, at once."""
    stop = Flag()
    before = {n: signal.signal(n, stop.raise_) for n in (signal.SIGTERM, signal.SIGINT)}
    worker = new_worker_name()
    engine.register(worker, options.lease)
    budget = Budget.of(options.max_jobs) if options.max_jobs else None
    loop = Loop(engine, worker, options, Journal(), lines, stop, budget)
    pulse = _Pulse(engine, worker, options, stop, loop)
    pulse.start()
    on_ready()
    try:
        loop.run()
    finally:
        pulse.stop()
        with contextlib.suppress(StoreUnavailable):  # then it is left to the lease
            engine.recover(worker)
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


class _Pulse(threading.Thread):
    """Beats for the worker, sweeps, and ends the process when a stop takes too long."""

    def __init__(
        self, engine: Engine, worker: str, options: Options, stop: Flag, loop: Loop
    ) -> None:
        super().__init__(name="pulse", daemon=True)
        self._engine = engine
        self._worker = worker
        self._options = options
        self._stop_flag = stop
        self._journal = loop.holdings.journal
        self._over = threading.Event()

    def run(self) -> None:
        beat_at = sweep_at = expire_at = 0.0
        kill_at: float | None = None
        lease = self._options.lease
        while not self._over.wait(0.05):
            now = time.monotonic()
            if self._stop_flag.raised and kill_at is None:
                kill_at = now + self._options.grace
            overdue = self._journal.overdue()
            if overdue:
                ids = ", ".join(id for id, _fence in overdue)
                _log.error("job %s timed out and went on: this process ends", ids)
                self._end_now(overdue, 1)
            if kill_at is not None and (now >= kill_at or self._stop_flag.raised > 1):
                self._end_now({}, 0)
            try:
                if now >= beat_at:
                    beat_at = now + lease / 3
                    if self._engine.beat([self._worker], lease):
                        _log.error("this worker was given up by others; stopping")
                        self._stop_flag.raise_()
                if now >= sweep_at:
                    sweep_at = now + sweep_seconds(lease)
                    self._engine.recover(lease=lease)
                if now >= expire_at:
                    expire_at = now + EXPIRE_SECONDS
                    self._engine.expire()
            except LightjobsError as error:
                _log.warning("the store is away: %s", error)

    def _end_now(self, timed_out: dict[tuple[str, int], Outcome], status: int) -> None:
        """Settle what has finished, hand back the rest at no cost, and go."""
        try:
            put_back(self._engine, self._worker, self._journal, True, timed_out)
        finally:
            os._exit(status)

    def stop(self) -> None:
        """End the thread; returns when it has ended."""
        self._over.set()
        self.join()

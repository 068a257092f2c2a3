"""`job:work --workers=0`: jobs run in the calling process, for debuggers and where there is no
fork."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ..engines.control import Engine
from ..errors import StoreUnavailable
from ..model import Outcome
from .heartbeat import Heartbeat
from .job_log import JobLog
from .local_worker import LocalWorker
from .options import Options
from .reclaim import overdue
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag

RETRY_SECONDS = 0.5
"""The pause before a store that is away is asked again for a place among its workers."""

_log = logging.getLogger("lightjobs.worker")


def work(
    engine: Engine, options: Options, job_log: JobLog, on_ready: Callable[[], None] = lambda: None
) -> int:
    """Work in this process and thread until asked to stop; returns the exit status. TERM and INT
    stop it gracefully; a second one, or the end of the grace, at once."""
    stop = StopFlag()
    before = {n: signal.signal(n, stop.raise_) for n in (signal.SIGTERM, signal.SIGINT)}
    budget = RunBudget.of(options.max_jobs) if options.max_jobs else None
    make = partial(LocalWorker, engine, options, job_log, stop, budget)
    local_workers = _local_workers(make, stop)
    guard = _Guard(next(local_workers), options.grace)
    heartbeat = Heartbeat(engine, options.lease, lambda: [guard.local], guard.look)
    heartbeat.start()
    on_ready()
    try:
        guard.local.run()
        for guard.local in local_workers:
            guard.local.run()
    finally:
        heartbeat.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


def _local_workers(make: Callable[[], LocalWorker], stop: StopFlag) -> Iterator[LocalWorker]:
    """A local, and another whenever the last one has ended because it was given up."""
    yield (local := make())
    while local.given_up and not stop.raised:
        try:
            yield (local := make())
        except StoreUnavailable as error:
            _log.warning("no new worker for the moment: %s", error)
            time.sleep(RETRY_SECONDS)


class _Guard:
    """Ends the process when a stop, or a job that has timed out, takes too long. `local` is the one
    that runs."""

    def __init__(self, local: LocalWorker, grace: float) -> None:
        self.local = local
        self._grace = grace
        self._kill_at: float | None = None

    def look(self) -> None:
        """End the process if it is time."""
        now = time.monotonic()
        stop = self.local.stop
        if stop.raised and self._kill_at is None:
            self._kill_at = now + self._grace
        if timed_out := overdue(self.local.journal, "this process ends"):
            self._end(timed_out, 1)
        if self._kill_at is not None and (now >= self._kill_at or stop.raised > 1):
            self._end({}, 0)

    def _end(self, timed_out: Mapping[tuple[str, int], Outcome], status: int) -> None:
        try:
            self.local.abandon(timed_out)
        finally:
            os._exit(status)

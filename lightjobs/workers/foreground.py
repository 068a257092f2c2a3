"""`job:work --workers=0`: jobs run in the calling process, for debuggers and for systems without
fork."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ..engines import outage
from ..engines.control import Engine
from ..errors import StoreUnavailable
from ..execution import middleware_chain
from ..model import Outcome
from ..settings.settings import Settings
from .heartbeat import Heartbeat
from .local_worker import LocalWorker
from .logs.job_log import JobLog
from .options import Options
from .process_state import ProcessState
from .reclaim import overdue
from .shared.run_budget import RunBudget
from .stop_flag import STOP_SIGNALS, StopFlag
from .store_limits import leave_to_the_lease

LEAVE_SECONDS = 0.4
"""How long the store is given to take jobs back when the process ends at once."""

RETRY_SECONDS = 0.5
"""The pause before the next attempt to register a worker while the store is away."""

_log = logging.getLogger("lightjobs.worker")


def work(
    engine: Engine,
    settings: Settings,
    options: Options,
    job_log: JobLog,
    on_ready: Callable[[], None] = lambda: None,
    on_stop: Callable[[str], None] = lambda _why: None,
    on_exit: Callable[[int], None] = lambda _status: None,
) -> int:
    """Work in this process and thread until asked to stop. `settings` are those of `engine`.
    `on_stop` is called once, in any thread, with the reason when a signal asks for a stop, and
    `on_exit` with the exit status when the process ends at once. Returns the exit status.
    STOP_SIGNALS stop it gracefully; a second signal, or the end of the grace, ends the process at
    once."""
    signals = _SignalPipe()
    stop = StopFlag(signals.count)
    former_handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    stop.handle_signals()
    run_budget = RunBudget.of(options.max_jobs) if options.max_jobs else None
    state = ProcessState(lambda: guard.end({}, 1))
    make = partial(LocalWorker, engine, options, job_log, stop, run_budget, process_state=state)
    workers = _workers(make, stop)
    guard = _Guard(next(workers), options.grace, signals, on_stop, on_exit)
    heartbeat = Heartbeat(engine, options, lambda: [guard.worker], guard.check, settings)
    heartbeat.start()
    try:
        heartbeat.announce()
        guard.worker.run(on_ready)
        for guard.worker in workers:
            heartbeat.announce()
            guard.worker.run()
        heartbeat.finish_first_upkeep(lambda: stop.raised > 1)
    finally:
        guard.tell_of_stop()  # an idle worker may have ended before the next check
        heartbeat.stop()
        middleware_chain.close()
        signals.close()
        for number, handler in former_handlers.items():
            signal.signal(number, handler)
    return 0


def _workers(make: Callable[[], LocalWorker], stop: StopFlag) -> Iterator[LocalWorker]:
    """A worker, and another one whenever the last has ended because it was given up."""
    yield (worker := make())
    while worker.given_up and not stop.raised:
        try:
            yield (worker := make())
        except StoreUnavailable as error:
            outage.away(_log, error)
            time.sleep(RETRY_SECONDS)


class _SignalPipe:
    """Counts the stop signals whether or not the job has set handlers of its own: Python also
    writes the number of each signal into a pipe."""

    def __init__(self) -> None:
        self.reason = ""
        """The name of the first of them."""
        self.count = bytearray(1)
        """How many signals have come; memory that a StopFlag reads."""
        self._reading, self._writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(self._writing, False)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)

    def read(self) -> None:
        """Count the signals that have come since the last call."""
        with contextlib.suppress(OSError):
            came = [number for number in os.read(self._reading, 1024) if number in STOP_SIGNALS]
            if came and not self.reason:
                self.reason = signal.Signals(came[0]).name
            self.count[0] = min(self.count[0] + len(came), 255)

    def close(self) -> None:
        """Close the pipe."""
        signal.set_wakeup_fd(-1)
        os.close(self._reading)
        os.close(self._writing)


class _Guard:
    """Ends the process when a stop takes longer than the grace, or a job ignores its timeout.
    `worker` is the one that runs."""

    def __init__(
        self,
        worker: LocalWorker,
        grace: float,
        signals: _SignalPipe,
        on_stop: Callable[[str], None],
        on_exit: Callable[[int], None],
    ) -> None:
        self.worker = worker
        self._on_exit = on_exit
        self._on_stop = on_stop
        self._signals = signals
        self._grace = grace
        self._kill_at: float | None = None
        self._telling = threading.Lock()

    def tell_of_stop(self) -> None:
        """If a stop was asked for, begin the grace and call `on_stop`, unless that was done."""
        with self._telling:
            self._signals.read()
            stop = self.worker.stop
            if stop.raised and self._kill_at is None:
                self._kill_at = time.monotonic() + self._grace
                self._on_stop(stop.reason or self._signals.reason)

    def check(self) -> None:
        """End the process if that is due."""
        self.tell_of_stop()
        now = time.monotonic()
        stop = self.worker.stop
        if timed_out := overdue(self.worker.journal, "this process ends"):
            self.end(timed_out, 1)
        if self._kill_at is not None and (now >= self._kill_at or stop.raised > 1):
            self.end({}, 0)

    def end(self, timed_out: Mapping[tuple[str, int], Outcome], status: int) -> None:
        """Give up all jobs, except those of `timed_out`, which end with these outcomes; then end
        the process."""
        try:
            leave_to_the_lease(partial(self.worker.abandon, timed_out), LEAVE_SECONDS)
            middleware_chain.close()
            self._on_exit(status)
        finally:
            os._exit(status)

"""The supervisor: the process of `job:work`. It runs no handlers, so that it can always beat.

It registers a worker for each child, beats for them, and recovers the jobs of workers that died
elsewhere. When a child dies, it reclaims the jobs that the child held, then starts another.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable

from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..model import Outcome
from .background import BackgroundWork
from .child import DONE, GIVEN_UP, OUTGROWN, READY
from .child_process import Child
from .heartbeat import MAINTAIN_SECONDS, log_given_up, sweep_seconds
from .local_worker import new_worker_name
from .options import Options
from .order import Order
from .periodic import Periodic, Task
from .reclaim import reclaim
from .shared.busy import BusyFlags
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag

OVERDUE_SECONDS = 0.25
"""How often to look for handlers that ignore their timeout."""

RESPAWN_SECONDS = (0.1, 10.0)
"""First and longest pause before the replacement of a child that died without running a job."""

_FATAL = (2, 3, 4)
"""Exit statuses that a new child would end with, too: wrong settings, no store, no schema."""

_log = logging.getLogger("lightjobs.supervisor")


class Supervisor:
    """Runs `options.workers` children until they have ended their work or a signal ends them."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._options = options
        self._on_ready = on_ready
        self._signals = StopFlag()
        self._run_budget = RunBudget.of(options.max_jobs) if options.max_jobs else None
        self._busy_flags = BusyFlags.make()
        self._children: list[Child] = []
        self._dead: list[Child] = []
        self._to_start = options.workers
        self._start_at = 0.0
        self._respawn_pause = RESPAWN_SECONDS[0]
        self._ready_count = 0
        self._printed: set[bytes] = set()
        """The reports of children that could not start, so far."""
        self._kill_at: float | None = None
        """When the grace is over; None while there is no stop."""
        self._status = 0
        self._late_outcomes: list[Outcome] = []
        """Outcomes of jobs that were killed with their child. The next child calls their hooks."""
        self._wake_pipe: tuple[int, ...] = ()
        """The pipe into which Python writes when a signal arrives, which ends the sleep."""

    def run(self) -> int:
        """Supervise until all children have ended. Returns the exit status: 0 after a stop by a
        signal or an option."""
        self._wake_pipe = reading, writing = os.pipe()
        os.set_blocking(writing, False)
        os.set_blocking(reading, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signals.raise_)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake select()
        periodic = Periodic(
            [
                Task(self._options.lease / 3, self._beat),
                Task(sweep_seconds(self._options.lease), self._sweep),
                Task(MAINTAIN_SECONDS, BackgroundWork(self._maintain)),
                Task(OVERDUE_SECONDS, self._end_overdue),
            ]
        )
        while True:
            self._act_on_signals()
            self._reap()
            self._reclaim_dead()
            self._start()
            if not self._children and not self._to_start and (not self._dead or self._is_urgent()):
                return self._status
            periodic.run_due(self._attempt)
            self._sleep(reading, periodic.next_at)

    def _attempt(self, run: Callable[[], None]) -> bool:
        try:
            run()
            return True
        except StoreUnavailable as error:
            _log.warning("the store is away: %s", error)
        except LightjobsError as error:  # for example, the tables were dropped: stop gracefully
            _log.error("%s", error)
            self._status = error.exit_code
            self._signals.raise_()
        return False

    def _sleep(self, reading: int, until: float) -> None:
        """Sleep until a signal arrives, a child ends or reports, or the next action is due."""
        if self._dead:
            until = time.monotonic() + 0.2
        if self._to_start:
            until = min(until, max(self._start_at, time.monotonic() + 0.01))
        if self._kill_at is not None:
            until = min(until, max(self._kill_at, time.monotonic() + 0.01))
        starting = [child.ready for child in self._children if child.is_starting]
        select.select([reading, *starting], [], [], max(0.0, until - time.monotonic()))
        with contextlib.suppress(BlockingIOError):
            os.read(reading, 1024)

    def _read_reports(self) -> None:
        """Read the reports of starting children. When all are ready, call `on_ready`. Print why a
        child cannot start, but only once: the others usually report the same."""
        for child in self._children:
            report = child.report()
            if report == READY:
                self._ready_count += 1
                if self._ready_count == self._options.workers:
                    self._on_ready()
            elif report and report not in self._printed:
                self._printed.add(report)
                print(f"lightjobs: {report.decode()}", file=sys.stderr, flush=True)

    def _beat(self) -> None:
        workers = [child.worker for child in self._children]
        lost = set(self._engine.beat(workers, self._options.lease))
        for child in self._children:
            if child.worker in lost and not child.is_stopping:
                log_given_up(child.worker)
                child.is_stopping = True
                child.signal(signal.SIGTERM)
                if self._kill_at is None:
                    self._to_start += 1

    def _sweep(self) -> None:
        recovered = self._engine.recover(lease=self._options.lease)
        if recovered:
            _log.warning("recovered %d jobs of workers whose lease ran out", recovered)

    def _maintain(self) -> None:
        deleted = self._engine.maintain()
        if deleted:
            _log.info("deleted %d ended jobs that are kept no longer", deleted)

    def _end_overdue(self) -> None:
        for child in self._children:
            child.kill_if_overdue()

    def _is_urgent(self) -> bool:
        """Whether a second signal has come or the grace is over. Then children are killed, and jobs
        that cannot be reclaimed right away are left to the lease."""
        is_grace_over = self._kill_at is not None and time.monotonic() >= self._kill_at
        return is_grace_over or self._signals.raised > 1

    def _act_on_signals(self) -> None:
        if self._signals.raised and self._kill_at is None:
            self._to_start = 0
            self._kill_at = time.monotonic() + self._options.grace
            for child in self._children:
                child.signal(signal.SIGTERM)
        if self._is_urgent():
            for child in self._children:
                child.signal(signal.SIGKILL)

    def _reap(self) -> None:
        ended = [(child, child.process.poll()) for child in self._children]
        self._read_reports()  # a child that has ended may have left one
        for child, status in ended:
            if status is not None:
                self._children.remove(child)
                self._dead.append(child)
                self._react_to_end(status, child)

    def _react_to_end(self, status: int, child: Child) -> None:
        """Decide whether the child that has ended is replaced, and when."""
        # Status 0 means that something else ended the child: a TERM, or a call of os._exit(0).
        is_done = status == DONE and not child.journal.read()
        if self._kill_at is not None or child.is_stopping or is_done:
            return
        if status in _FATAL and not child.was_ready:
            self._status = status
            self._signals.raise_()
            return
        if status == GIVEN_UP:
            log_given_up(child.worker)
        elif status == OUTGROWN:
            _log.info("a child has outgrown --max-memory; replacing it")
        elif status == 0 and not child.journal.read():
            _log.warning("a child was stopped from outside; another takes over")
        elif not child.timed_out:
            how = child.described_end()
            _log.error("a child ended with %s; its jobs go back and another takes over", how)
        self._to_start += 1
        self._start_at = 0.0
        if status in (OUTGROWN, GIVEN_UP) or any(held.started for held in child.journal.read()):
            # No pause: a job may have killed the child, and can do so only as often as it may be
            # recovered.
            self._respawn_pause = RESPAWN_SECONDS[0]
        else:
            self._start_at = time.monotonic() + self._respawn_pause
            self._respawn_pause = min(self._respawn_pause * 2, RESPAWN_SECONDS[1])

    def _reclaim_dead(self) -> None:
        """Reclaim the jobs of dead children and forget the children."""
        for child in list(self._dead):
            try:
                self._reclaim(child)
            except LightjobsError as error:
                _log.warning("the jobs of a dead child must wait: %s", error)
                if self._kill_at is None or child.journal.read():
                    return
                # At a stop, jobs that the child held without a note in its journal are left to
                # the lease.
            self._dead.remove(child)
            self._busy_flags.clear(child.place)
            child.close()

    def _reclaim(self, child: Child) -> None:
        # Jobs whose child was killed because the grace was over, or because of another job that had
        # timed out, are not to blame: they spend nothing.
        killed = child.process.returncode == -signal.SIGKILL
        forgiven = killed and (self._kill_at is not None or bool(child.timed_out))
        done = reclaim(self._engine, child.worker, child.journal, forgiven, child.timed_out)
        self._late_outcomes += done.timed_out
        if self._run_budget is not None:
            self._run_budget.give_back(done.handed_back)

    def _start(self) -> None:
        if not self._to_start or time.monotonic() < self._start_at:
            return
        try:
            workers = [new_worker_name() for _ in range(self._to_start)]
            for worker in workers:
                self._engine.register(worker, self._options.lease)
            # A forked child must not share a connection; this process makes a new one when needed.
            self._engine.close()
            for worker in workers:
                self._children.append(self._launch(worker))
                self._to_start -= 1
        except (LightjobsError, OSError) as error:
            _log.warning("no new child for the moment: %s", error)
            self._start_at = time.monotonic() + 0.5

    def _launch(self, worker: str) -> Child:
        taken = {child.place for child in [*self._children, *self._dead]}
        journal = Journal()
        ready, childs_end = os.pipe()
        order = Order(
            worker=worker,
            place=next(number for number in itertools.count() if number not in taken),
            options=self._options,
            parent=os.getpid(),
            journal=journal.descriptor,
            ready=childs_end,
            busy_flags=self._busy_flags.descriptor,
            run_budget=None if self._run_budget is None else self._run_budget.descriptor,
            late_outcomes=tuple(self._late_outcomes),
        )
        child = Child(order, journal, ready, self._close_inherited)
        self._late_outcomes = []
        return child

    def _close_inherited(self) -> None:
        """Close what a forked child has inherited of the supervisor's: above all, the journals of
        other children."""
        for descriptor in self._wake_pipe:
            os.close(descriptor)
        for child in [*self._children, *self._dead]:
            child.close()

"""`job:work`: a process that runs no handler, so that it can always beat and clean up.

It registers each child as a worker, extends the leases, and recovers the jobs of workers that died
elsewhere. When a child dies, it reclaims what the child held before it starts another.
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
from .background import BackgroundTask
from .child import GIVEN_UP, OUTGROWN, READY, READY_BYTES
from .child_process import Child
from .heartbeat import MAINTAIN_SECONDS, sweep_seconds
from .local_worker import new_worker_name
from .options import Options
from .periodic import Periodic, Task
from .reclaim import overdue, reclaim
from .shared.busy import BusyFlags
from .shared.run_budget import RunBudget
from .stop_flag import StopFlag

OVERDUE_SECONDS = 0.25
"""How often to look for handlers that ignore their timeout."""

RESPAWN_SECONDS = (0.1, 10.0)
"""First and longest pause before a child is replaced that died without a job to blame."""

_FATAL = (2, 3, 4)
"""Exit statuses of a child that another child would have too: settings, store, schema."""

_log = logging.getLogger("lightjobs.supervisor")


class Supervisor:
    """Runs `options.workers` children until they are done or a signal ends them."""

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
        self._pause = RESPAWN_SECONDS[0]
        self._ready = 0
        self._complaints: set[bytes] = set()
        self._kill_at: float | None = None
        self._status = 0
        self._late: list[Outcome] = []
        """Of jobs that have timed out and whose hooks the next child is to call."""
        self._wake: tuple[int, ...] = ()
        """The pipe that ends the sleep."""

    def run(self) -> int:
        """Supervise; returns the exit status: 0 after any stop that was asked for."""
        self._wake = reading, writing = os.pipe()
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
                Task(MAINTAIN_SECONDS, BackgroundTask(self._maintain)),
                Task(OVERDUE_SECONDS, self._end_overdue),
            ]
        )
        while True:
            self._act_on_signals()
            self._reap()
            self._bury()
            self._start()
            if not self._children and not self._to_start and (not self._dead or self._hurried()):
                return self._status
            periodic.run_due(self._attempt)
            self._sleep(reading, periodic.next_at)

    def _attempt(self, run: Callable[[], None]) -> None:
        try:
            run()
        except StoreUnavailable as error:
            _log.warning("the store is away: %s", error)
        except LightjobsError as error:  # the tables were dropped, say: end in good order
            _log.error("%s", error)
            self._status = error.exit_code
            self._signals.raise_()

    def _sleep(self, reading: int, until: float) -> None:
        """Until a signal, a child's death or word from one, or the next thing to do."""
        if self._dead:
            until = time.monotonic() + 0.2
        if self._to_start:
            until = min(until, max(self._start_at, time.monotonic() + 0.01))
        if self._kill_at is not None:
            until = min(until, max(self._kill_at, time.monotonic() + 0.01))
        starting = [child.ready for child in self._children if child.starting]
        select.select([reading, *starting], [], [], max(0.0, until - time.monotonic()))
        with contextlib.suppress(BlockingIOError):
            os.read(reading, 1024)

    def _hear(self) -> None:
        """Note which children have become ready; say so once all are. Others say why they cannot
        start, all the same: that is said once."""
        for child in self._children:
            if not (child.starting and select.select([child.ready], [], [], 0)[0]):
                continue
            child.starting = False
            said = os.read(child.ready, READY_BYTES)
            child.was_ready = said == READY
            if child.was_ready:
                self._ready += 1
                if self._ready == self._options.workers:
                    self._on_ready()
            elif said and said not in self._complaints:
                self._complaints.add(said)
                print(f"lightjobs: {said.decode()}", file=sys.stderr, flush=True)

    def _beat(self) -> None:
        workers = [child.worker for child in self._children]
        lost = set(self._engine.beat(workers, self._options.lease))
        for child in self._children:
            if child.worker in lost and not child.stopping:
                _log.warning("worker %s was given up by others; replacing it", child.worker)
                child.stopping = True
                child.signal(signal.SIGTERM)
                if self._kill_at is None:
                    self._to_start += 1

    def _sweep(self) -> None:
        recovered = self._engine.recover(lease=self._options.lease)
        if recovered:
            _log.warning("recovered %d jobs of workers whose lease ran out", recovered)

    def _maintain(self) -> None:
        expired = self._engine.maintain()
        if expired:
            _log.info("deleted %d ended jobs that are kept no longer", expired)

    def _end_overdue(self) -> None:
        for child in self._children:
            if not child.timed_out:
                child.timed_out = overdue(child.journal, "its child is ended")
                if child.timed_out:
                    child.signal(signal.SIGKILL)

    def _hurried(self) -> bool:
        """A second signal came, or the grace is over: what could not be put back by now is left to
        the lease."""
        late = self._kill_at is not None and time.monotonic() >= self._kill_at
        return late or self._signals.raised > 1

    def _act_on_signals(self) -> None:
        if self._signals.raised and self._kill_at is None:
            self._to_start = 0
            self._kill_at = time.monotonic() + self._options.grace
            for child in self._children:
                child.signal(signal.SIGTERM)
        if self._hurried():
            for child in self._children:
                child.signal(signal.SIGKILL)

    def _reap(self) -> None:
        ended = [(child, child.process.poll()) for child in self._children]
        self._hear()  # their last words
        for child, status in ended:
            if status is not None:
                self._children.remove(child)
                self._dead.append(child)
                self._judge(status, child)

    def _judge(self, status: int, child: Child) -> None:
        """Decide what a child's end means for the others."""
        # A handler may call os._exit(0): only a child that holds nothing has ended its work.
        ended = status == 0 and not child.journal.read()
        if self._kill_at is not None or child.stopping or ended:
            return
        if status in _FATAL and not child.was_ready:
            self._status = status
            self._signals.raise_()
            return
        if status == GIVEN_UP:
            _log.warning("worker %s was given up by others; replacing it", child.worker)
        elif status == OUTGROWN:
            _log.info("a child has outgrown --max-memory; replacing it")
        elif not child.timed_out:
            how = f"signal {-status}" if status < 0 else f"status {status}"
            _log.error("a child ended with %s; its jobs go back and another takes over", how)
        self._to_start += 1
        self._start_at = 0.0
        if status in (OUTGROWN, GIVEN_UP) or any(held.started for held in child.journal.read()):
            # A job may have done it, and recoveries bound how often it can: no pause.
            self._pause = RESPAWN_SECONDS[0]
        else:
            self._start_at = time.monotonic() + self._pause
            self._pause = min(self._pause * 2, RESPAWN_SECONDS[1])

    def _bury(self) -> None:
        """Settle what dead children had finished, put back the rest, forget them."""
        for child in list(self._dead):
            try:
                self._reclaim(child)
            except LightjobsError as error:
                _log.warning("the jobs of a dead child must wait: %s", error)
                if self._kill_at is None or child.journal.read():
                    return
                # Stopping: what it may hold beyond its books is left to its lease.
            self._dead.remove(child)
            self._busy_flags.clear(child.place)
            child.close()

    def _reclaim(self, child: Child) -> None:
        # Who was killed because the grace was over, or beside a job that had timed out, did nothing
        # wrong: nothing is spent.
        killed = child.process.returncode == -signal.SIGKILL
        forgiven = killed and (self._kill_at is not None or bool(child.timed_out))
        done = reclaim(self._engine, child.worker, child.journal, forgiven, child.timed_out)
        self._late += done.timed_out
        if self._run_budget is not None:
            self._run_budget.give_back(done.handed_back)

    def _start(self) -> None:
        if not self._to_start or time.monotonic() < self._start_at:
            return
        try:
            workers = [new_worker_name() for _ in range(self._to_start)]
            for worker in workers:
                self._engine.register(worker, self._options.lease)
            self._engine.close()  # a fork must not share a connection; another is made when needed
            for worker in workers:
                self._children.append(self._launched(worker))
                self._to_start -= 1
        except (LightjobsError, OSError) as error:
            _log.warning("no new child for the moment: %s", error)
            self._start_at = time.monotonic() + 0.5

    def _launched(self, worker: str) -> Child:
        taken = {child.place for child in [*self._children, *self._dead]}
        place = next(number for number in itertools.count() if number not in taken)
        child = Child(
            worker,
            place,
            self._options,
            self._run_budget,
            self._busy_flags,
            self._late,
            self._let_go,
        )
        self._late = []
        return child

    def _let_go(self) -> None:
        """Close what a fork has of the supervisor's; the books of other children, above all."""
        for descriptor in self._wake:
            os.close(descriptor)
        for child in [*self._children, *self._dead]:
            child.close()

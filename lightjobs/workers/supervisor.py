"""The supervisor: the process of `job:work`. It runs no handlers, so that it can always beat.

It registers a worker for each child, beats for them, and recovers the jobs of workers that died
elsewhere. When a child dies, it reclaims the jobs that the child held, then starts another. The
main thread answers signals and watches the children. Other threads ask the store.

Over 300 lines because the main loop and all that it calls read best in one place.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import signal
import threading
import time
from collections.abc import Callable

from ..engines import outage
from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..process.service_manager import ServiceManager
from . import terminal, vitals
from .child import DONE
from .child_process import Child
from .child_records import ChildRecords
from .heartbeat import log_given_up, upkeep_thread
from .history import FINISH_SECONDS
from .observer import Observer
from .options import Options
from .order import Order
from .periodic import Task
from .periodic_thread import PeriodicThread
from .port import Port
from .respawn import Respawn
from .self_note import NOTE_SECONDS
from .service_status import ServiceStatus
from .shared.busy import BusyFlags
from .shared.journal import Journal
from .shared.run_budget import RunBudget
from .shared.stop_flags import StopFlags
from .start_reports import StartReports
from .stop_flag import StopFlag
from .store_limits import beat_seconds
from .wake_pipe import WakePipe

OVERDUE_SECONDS = 0.25
"""How often to look for handlers that ignore their timeout, or hold up other jobs."""

LEAVE_SECONDS = 0.5
"""How long after an urgent stop the jobs of dead children may take to be put back."""

START_AGAIN_SECONDS = 0.5
"""The pause after a child could not be started."""

_FATAL = (2, 3, 4, 5)
"""Exit statuses that a new child would end with, too: wrong settings, no store, no schema, another
version."""

_log = logging.getLogger("lightjobs.supervisor")


class Supervisor:
    """Runs `options.workers` children until they have ended their work or a signal ends them.
    `away` is the descriptor of the outage that they share."""

    def __init__(
        self,
        engine: Engine,
        options: Options,
        away: int,
        on_ready: Callable[[], None] = lambda: None,
        on_stop: Callable[[str], None] = lambda _why: None,
        port: Port | None = None,
        service: ServiceManager | None = None,
    ) -> None:
        self._engine, self._options = engine, options
        self._on_ready, self._on_stop = on_ready, on_stop
        self._port = port
        self._signals, self._pipe = StopFlag(), WakePipe()
        self._run_budget = RunBudget.of(options.max_jobs) if options.max_jobs else None
        self._busy_flags, self._stop_flags = BusyFlags.make(), StopFlags.make()
        self._outage = away
        self._children: list[Child] = []
        self._dead: list[Child] = []
        self._respawn = Respawn(options.workers)
        self._observer = observer = Observer(options, os.getpid())
        self._service = ServiceStatus(service or ServiceManager(), observer.vitals)
        self._reports = StartReports(options.workers, self._note_ready)
        self._kill_at: float | None = None
        """When the grace is over; None while there is no stop."""
        self._status, self._look_at = 0, 0.0
        self._leave_at = math.inf
        """When to end although jobs of dead children are not back."""
        self._lost: set[str] = set()
        """The workers that others have given up."""
        self._upkeep = upkeep_thread(engine, options, observer, self._attempt)
        self._records = ChildRecords(
            *(engine, options, self._run_budget, self._attempt, self._pipe.wake), observer
        )
        beats = Task(options.lease / 3, self._beat)
        self._beats = PeriodicThread("beat", [beats], self._attempt, beat_seconds(options.lease))
        self._threads: list[threading.Thread] = [self._records, self._beats, self._upkeep]
        self._threads += [] if port is None else [port]
        """The threads that have yet to be started."""

    def run(self) -> int:
        """Supervise until all children have ended. Returns the exit status; 0 after a stop."""
        self._signals.handle_signals()
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the sleep
        terminal.suspend_together(lambda: [child.process.pid for child in self._children])
        self._engine.close()  # a forked child must not share a connection
        vitals.offer(self._observer.vitals)
        while True:
            self._observer.turned_at = time.monotonic()
            self._service.turn()
            self._act_on_signals()
            self._reap()
            self._close_reclaimed()
            self._start()
            self._start_threads()
            self._end_lost()
            self._look_at_children()
            if self._is_over():
                if not self._status:
                    self._upkeep.finish_first(self._is_urgent)
                    self._upkeep.finish(FINISH_SECONDS, self._is_urgent)
                return self._status
            self._sleep()

    def _note_ready(self) -> None:
        self._observer.is_ready = True
        self._on_ready()

    def _start_threads(self) -> None:
        """Start the threads once the first children have been forked: a fork would copy the locks
        that they hold."""
        while self._threads and self._children:
            try:
                self._threads[0].start()
            except RuntimeError as error:  # a limit is reached: it is tried again soon
                _log.warning("no new thread for the moment: %s", error)
                return
            del self._threads[0]

    def _is_over(self) -> bool:
        if self._children or self._respawn.count:
            return False
        return self._records.is_done or time.monotonic() >= self._leave_at

    def _attempt(self, run: Callable[[], None]) -> bool:
        try:
            run()
            outage.back(_log)
            return True
        except StoreUnavailable as error:
            outage.away(_log, error)
        except LightjobsError as error:  # for example, the tables were dropped: stop gracefully
            _log.error("%s", error)
            self._status = error.exit_code
            if not self._signals.raised:
                self._signals.raise_("an error")
            self._pipe.wake()
        except Exception:  # for example, no descriptor is free: the next call may succeed
            _log.exception("left for the next time")
        return False

    def _sleep(self) -> None:
        """Sleep until a signal arrives, a child ends or reports, a thread has something new, or it
        is time to look for overdue jobs."""
        until = time.monotonic() + OVERDUE_SECONDS
        if self._respawn.count:
            until = min(until, max(self._respawn.start_at, time.monotonic() + 0.01))
        if self._kill_at is not None:
            until = min(until, max(self._kill_at, time.monotonic() + 0.01))
        starting = [child.ready for child in self._children if child.is_starting]
        self._pipe.sleep(until - time.monotonic(), starting)

    def _beat(self) -> None:
        workers = [*self._records.names, *(child.worker for child in list(self._children))]
        lost = self._observer.beat(self._engine, workers)
        if lost:
            self._lost.update(lost)
            self._pipe.wake()

    def _end_lost(self) -> None:
        """End the children whose workers others have given up."""
        for child in self._children:
            if child.worker in self._lost and not child.is_stopping:
                log_given_up(child.worker)
                child.is_stopping = True
                self._stop_flags.tell(child.place)
                if self._kill_at is None:
                    self._respawn.count += 1

    def _look_at_children(self) -> None:
        """End those whose handlers ignore their timeout, and take away what waits behind a handler
        that does not let go of the interpreter's lock."""
        if time.monotonic() < self._look_at:
            return
        self._look_at = time.monotonic() + OVERDUE_SECONDS
        for child in self._children:
            child.kill_if_overdue()
            self._records.hand_back(child.worker, child.take_unstarted(), child.take_unread())

    def _is_urgent(self) -> bool:
        """Whether a second signal has come or the grace is over. Then children are killed, and jobs
        that cannot be reclaimed within LEAVE_SECONDS are left to the lease."""
        is_grace_over = self._kill_at is not None and time.monotonic() >= self._kill_at
        return is_grace_over or self._signals.raised > 1

    def _act_on_signals(self) -> None:
        if self._signals.raised and self._kill_at is None:
            self._respawn.count = 0
            self._kill_at = time.monotonic() + self._options.grace
            self._records.is_stopping = self._observer.is_stopping = True
            self._on_stop(self._signals.reason)
            for child in self._children:
                self._stop_flags.tell(child.place)
        if self._is_urgent():
            self._leave_at = min(self._leave_at, time.monotonic() + LEAVE_SECONDS)
            for child in self._children:
                child.signal(signal.SIGKILL)

    def _reap(self) -> None:
        ended = [(child, child.process.poll()) for child in self._children]
        if self._reports.read(self._children):  # a child that has ended may have left one
            self._beats.hurry(NOTE_SECONDS)  # so that its note is soon there
        for child, status in ended:
            if status is not None:
                self._children.remove(child)
                self._dead.append(child)
                if self._port is not None:
                    self._port.child_ended(child.process.pid)
                self._observer.forget(child.worker, child.reason(self._kill_at is not None))
                self._react_to_end(status, child)
                # Jobs whose child was killed because the grace was over, or because of another job
                # that had timed out, are not to blame: they spend nothing.
                killed = status == -signal.SIGKILL
                stopped = self._kill_at is not None or bool(child.timed_out)
                self._records.bury(child, forgiven=killed and stopped)

    def _react_to_end(self, status: int, child: Child) -> None:
        """Decide whether the child that has ended is replaced, and when."""
        # Status 0 means that something else ended the child: a TERM, or a call of os._exit(0).
        is_done = status == DONE and not child.journal.read()
        if self._kill_at is not None or child.is_stopping or is_done:
            return
        if status in _FATAL and not child.was_ready:
            self._status = status
            self._signals.raise_("a child cannot start")
            return
        self._respawn.replace(child, status)

    def _close_reclaimed(self) -> None:
        """Forget the dead children whose jobs are back."""
        while self._records.reclaimed:
            child = self._records.reclaimed.popleft()
            self._dead.remove(child)
            self._busy_flags.clear(child.place)
            self._stop_flags.clear(child.place)
            child.close()

    def _start(self) -> None:
        """Start the children that are missing and whose names are registered."""
        if not self._respawn.is_due:
            return
        try:
            self._records.register(self._respawn.count)
            if self._records.is_registering:
                return
            while self._respawn.count and self._records.names:
                self._children.append(self._launch(self._records.names[0]))
                self._respawn.count -= 1
                self._records.register(self._respawn.count)
                self._records.names.popleft()
        # A limit of processes or descriptors is reached, or of threads.
        except (OSError, RuntimeError, LightjobsError) as error:
            _log.warning("no new child for the moment: %s", error)
            self._respawn.wait(START_AGAIN_SECONDS)

    def _launch(self, worker: str) -> Child:
        with contextlib.ExitStack() as if_it_fails:
            journal = Journal()
            if_it_fails.callback(journal.close)
            pipe = os.pipe()
            for descriptor in pipe:
                if_it_fails.callback(os.close, descriptor)
            child = self._launch_with(worker, journal, *pipe)
            if_it_fails.pop_all()
        return child

    def _launch_with(self, worker: str, journal: Journal, ready: int, childs_end: int) -> Child:
        taken = {child.place for child in [*self._children, *self._dead]}
        order = Order(
            worker=worker,
            place=next(number for number in itertools.count() if number not in taken),
            options=self._options,
            parent=os.getpid(),
            journal=journal.descriptor,
            ready=childs_end,
            busy_flags=self._busy_flags.descriptor,
            stop_flags=self._stop_flags.descriptor,
            outage=self._outage,
            run_budget=None if self._run_budget is None else self._run_budget.descriptor,
            late_outcomes=tuple(self._records.late_outcomes),
        )
        child = Child(order, journal, ready, self._close_inherited)
        self._records.late_outcomes.clear()
        self._observer.follow(worker, child.process.pid, journal.observed)
        return child

    def _close_inherited(self) -> None:
        """Close what a forked child has inherited of the supervisor's: above all, the journals of
        other children."""
        vitals.forget_inherited()
        self._pipe.close()
        if self._port is not None:
            self._port.close()
        for child in [*self._children, *self._dead]:
            child.close()

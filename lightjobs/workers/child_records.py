"""What the store is told about children: the registration of new ones, and what dead ones held. A
thread does this, so that the supervisor's main thread never waits for the store."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection

from ..engines import answer_limit, outage
from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..model import HandBack, Outcome
from . import reclaim
from .child_process import Child, Unread
from .heartbeat import sweep_seconds
from .local_worker import new_worker_name
from .observer import Observer
from .options import Options
from .periodic import Periodic, Task
from .refused import settle
from .shared.run_budget import RunBudget
from .store_limits import answer_seconds

RETRY_SECONDS = 0.5
"""The pause before a registration or a reclaim is tried again."""

CLOSE_SECONDS = 0.01
"""How long the first children wait for a connection to be closed before signals are looked at."""

_log = logging.getLogger("lightjobs.supervisor")


class ChildRecords(threading.Thread):
    """Registers workers, reclaims what dead children held, and looks for the dead workers of
    others.

    `attempt` runs a search for dead workers, deals with its errors, and returns whether it
    succeeded. `on_change` is called when there is something new in `names` or `reclaimed`.
    `observer` is told what was recovered, and which runs were settled here.
    """

    def __init__(
        self,
        engine: Engine,
        options: Options,
        run_budget: RunBudget | None,
        attempt: Callable[[Callable[[], None]], bool],
        on_change: Callable[[], None],
        observer: Observer,
    ) -> None:
        super().__init__(name="child-records", daemon=True)
        self._engine = engine
        self._lease = options.lease
        self._run_budget = run_budget
        self._attempt = attempt
        self._on_change = on_change
        self._observer = observer
        self._wake = threading.Event()
        self._wanted = 0
        self._dead: deque[tuple[Child, bool]] = deque()
        self._first: threading.Thread | None = None
        self._taken: deque[tuple[str, list[Outcome], Unread | None]] = deque()
        """By worker, jobs and a claim that were taken away from children."""
        self.names: deque[str] = deque()
        """The names of registered workers whose children have yet to be started."""
        self.reclaimed: deque[Child] = deque()
        """Dead children that are done with."""
        self.late_outcomes: deque[Outcome] = deque()
        """Outcomes of jobs that were killed with their child. The next child calls their hooks."""
        self.is_stopping = False
        """Whether what a dead child held without a note in its journal is left to the lease."""

    @property
    def is_done(self) -> bool:
        """Whether the jobs of all dead children are back."""
        return not self._dead and not self.reclaimed

    def register(self, count: int) -> None:
        """Have `count` names ready. Returns at once.

        Before the start of this thread, another one registers the first names, then closes its
        connection and ends: a process can fork only while it has no other threads.
        """
        self._wanted = count
        self._wake.set()
        if self.ident is None and not self.is_registering and len(self.names) < count:
            self._first = threading.Thread(target=self._register_first, daemon=True)
            self._first.start()

    @property
    def is_registering(self) -> bool:
        """Whether the first names are still being registered."""
        if self._first is None:
            return False
        if len(self.names) >= self._wanted:
            # Only its connection is left to be closed. To look again after a sleep would add 10 ms
            # to each start.
            self._first.join(CLOSE_SECONDS)
        return self._first.is_alive()

    def bury(self, child: Child, forgiven: bool) -> None:
        """Have the jobs of a dead child put back. Returns at once. With `forgiven`, the jobs that
        ran are not to blame for its death."""
        if not child.was_ready:
            self.late_outcomes.extend(child.late_outcomes)
        self._dead.append((child, forgiven))
        self._wake.set()

    def hand_back(
        self, worker: str, jobs: Collection[tuple[str, int]], unread: Unread | None = None
    ) -> None:
        """Have jobs, given by id and fence, put back that `worker` holds but has not started, and
        what an `unread` claim has brought. Returns at once."""
        if jobs or unread is not None:
            self._taken.append((worker, [HandBack(id, fence) for id, fence in jobs], unread))
            self._wake.set()

    def run(self) -> None:
        answer_limit.set_for_thread(answer_seconds(self._lease))
        periodic = Periodic([Task(sweep_seconds(self._lease), self._sweep)])
        while True:
            self._wake.clear()
            is_up_to_date = self._catch_up()
            periodic.run_due(self._attempt)
            pause = max(0.0, periodic.next_at - time.monotonic())
            self._wake.wait(pause if is_up_to_date else min(pause, RETRY_SECONDS))

    def _catch_up(self) -> bool:
        try:
            # In this order: the next child gets the late outcomes of a child that was killed.
            return self._reclaim_dead() and self._register() and self._hand_back()
        except Exception:  # for example, no descriptor is free: the next call may succeed
            _log.exception("left for the next time")
            return False

    def _register_first(self) -> None:
        answer_limit.set_for_thread(answer_seconds(self._lease))
        while not self._catch_up():
            time.sleep(RETRY_SECONDS)
        self._engine.close()

    def _register(self) -> bool:
        while len(self.names) < self._wanted:
            name = new_worker_name()
            try:
                self._engine.register(name, self._lease)
            except StoreUnavailable as error:
                outage.away(_log, error)
                return False
            except LightjobsError as error:
                _log.warning("no new child for the moment: %s", error)
                return False
            self.names.append(name)
            self._on_change()
        return True

    def _hand_back(self) -> bool:
        while self._taken:
            worker, outcomes, unread = self._taken[0]
            try:
                if unread is not None:
                    outcomes = outcomes + self._brought(worker, unread)
                settle(self._engine, worker, outcomes)
            except StoreUnavailable as error:
                outage.away(_log, error)
                return False
            except LightjobsError as error:
                _log.warning("jobs that wait behind a long one must wait: %s", error)
                return False
            self._taken.popleft()
        return True

    def _brought(self, worker: str, unread: Unread) -> list[Outcome]:
        outcomes = reclaim.unread(self._engine, worker, unread.entries)
        # Asked after the store has answered: the child may have gone on in the meantime. Then it
        # hands these back itself, and some may be of a later claim.
        return outcomes if unread.is_unread else []

    def _reclaim_dead(self) -> bool:
        while self._dead:
            child, forgiven = self._dead[0]
            try:
                self._reclaim(child, forgiven)
            except LightjobsError as error:
                if isinstance(error, StoreUnavailable):
                    outage.away(_log, error)
                else:
                    _log.warning("the jobs of a dead child must wait: %s", error)
                if not self.is_stopping or child.journal.read():
                    return False
            self.reclaimed.append(child)
            self._dead.popleft()
            self._on_change()
        return True

    def _reclaim(self, child: Child, forgiven: bool) -> None:
        done = reclaim.reclaim(
            *(self._engine, child.worker, child.journal, forgiven, child.timed_out, child.end),
            self._observer.tally,
        )
        self._observer.recovered += done.recovered
        self.late_outcomes.extend(done.timed_out)
        if self._run_budget is not None:
            self._run_budget.give_back(done.handed_back)

    def _sweep(self) -> None:
        recovered = self._engine.recover(lease=self._lease)
        self._observer.recovered += recovered
        if recovered:
            _log.warning("recovered %d jobs of workers whose lease ran out", recovered)

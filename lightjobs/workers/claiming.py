"""Claiming: how many jobs to take, what to do when a reply was lost, and what to hand back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from ..engines.control import Engine
from ..errors import StoreUnavailable, UnknownWorker
from ..execution.run import Run
from ..model import Claim, HandBack
from .in_flight import InFlight
from .prefetch import Prefetch
from .refused import settle
from .shared.busy import BusyFlags
from .shared.run_budget import RunBudget
from .unknown_handlers import UnknownHandlers

SKIP_PAUSE_SECONDS = 0.1
"""The shortest pause between two claims that skip handlers, while they bring nothing."""

_log = logging.getLogger("lightjobs.worker")


class Claiming:
    """Takes jobs from `queues` into `in_flight`, and hands back those that should not wait here."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        queues: Sequence[str],
        in_flight: InFlight,
        unknown: UnknownHandlers | None = None,
        run_budget: RunBudget | None = None,
        busy_flags: BusyFlags | None = None,
        concurrency: int = 1,
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._queues = queues
        self._in_flight = in_flight
        self._unknown = unknown
        self._run_budget = run_budget
        self._busy_flags = busy_flags
        self.prefetch = Prefetch(concurrency)
        self.exhausted = False
        """Whether the last claim brought nothing."""
        self.skip_pause = 0.0
        """How long to wait before the next claim, if the last one skipped handlers and brought
        nothing."""
        self.budget_spent = False
        """Whether --max-jobs has been reached."""
        self.given_up = False
        """Whether other workers, or the store, have given this worker up."""
        self.begun = self.ended = 0
        """How many claims have begun, and how many of them have ended."""
        self.adopting = threading.Lock()
        """Held while claims that are unknown here are adopted or handed back."""
        self._in_doubt = False
        """Whether the reply to a claim was lost: the store may count jobs as held here that are
        unknown here."""

    def is_due(self, free: int) -> bool:
        """Whether it is time to claim: places are free, or will be soon, and nearly nothing waits
        for them. If the last claim brought nothing, only a free place is a reason to ask again."""
        waiting = len(self._in_flight.waiting)
        if waiting > self.prefetch.low_water() or (self.exhausted and free <= 0):
            return False
        return self.prefetch.wanted(free, waiting) > 0

    def claim(self, free: int) -> None:
        """Claim a job for each of the `free` places and a few milliseconds of work beyond that,
        less what is waiting."""
        if self._in_doubt:
            self._adopt()
        wanted = self.prefetch.wanted(free, len(self._in_flight.waiting))
        if wanted <= 0:
            return
        self.begun += 1
        try:
            claims = self._claimed(wanted)
            self._in_flight.add(claims)
        finally:
            self.ended = self.begun
        self.exhausted = not claims
        if any(claim.recoveries for claim in claims):
            # One of these may have killed its worker. A child that runs such a job holds no
            # unstarted ones: if supervisor and child die together, no record tells which jobs had
            # started, and all that the child held would spend a recovery on its account.
            self.prefetch.restart()
            self.hand_back(self._in_flight.take_waiting(keep=free))

    def _claimed(self, wanted: int) -> list[Claim]:
        wanted = min(wanted, self._in_flight.journal.room())
        granted = wanted if self._run_budget is None else self._run_budget.take(wanted)
        self.budget_spent = wanted > granted == 0
        if self._busy_flags is not None:
            self._busy_flags.set_busy(True)
        claims: list[Claim] = []
        try:
            if granted:
                self._in_doubt = True  # until the reply has arrived
                claims = self._claims(granted)
                self._in_doubt = False
        except UnknownWorker as error:
            _log.warning("%s: this worker was given up; another takes its place", error)
            self.given_up = True
        finally:
            if self._run_budget is not None:
                self._run_budget.give_back(granted - len(claims))
        return claims

    def _claims(self, limit: int) -> list[Claim]:
        skip = () if self._unknown is None else self._unknown.skipped()
        if self._unknown is None or not skip:
            self.skip_pause = 0.0
            return self._engine.claim(self._worker, self._queues, limit)
        began = time.monotonic()
        claims = self._engine.claim(self._worker, self._queues, limit, skip)
        # The store has looked past the jobs that are skipped, however many there are. Such claims
        # may take a twentieth of its time at most.
        self.skip_pause = max(SKIP_PAUSE_SECONDS, 20 * (time.monotonic() - began))
        self._unknown.note_claimed({claim.handler for claim in claims} & set(skip))
        return claims

    def _adopt(self) -> None:
        """Take in the claims whose reply was lost."""
        with self.adopting:
            known = self._in_flight.known()
            held = self._engine.held(self._worker)
            adopted = [claim for claim in held if claim[:2] not in known]
            self._in_doubt = False
            if adopted:
                _log.warning("adopted %d claims whose reply was lost", len(adopted))
                self._in_flight.add(adopted)
                if self._run_budget is not None:
                    self._run_budget.take(len(adopted))

    def hand_back_all(self) -> None:
        """At a stop: hand back all waiting runs, and the claims whose reply was lost. If only such
        claims may be left and the store is away, they are not worth waiting for: they go back when
        the worker is recovered."""
        if self._in_doubt:
            try:
                self._adopt()
            except StoreUnavailable:
                if len(self._in_flight):
                    raise
        self.hand_back(self._in_flight.take_waiting())

    def hand_back(self, runs: Sequence[Run]) -> None:
        """Hand back runs that have not started, at no cost to their jobs. If that fails, they wait
        as before, and the error is raised."""
        if not runs:
            return
        try:
            outcomes = [HandBack(run.claim.id, run.claim.fence) for run in runs]
            settle(self._engine, self._worker, outcomes)
        except BaseException:
            self._in_flight.waiting.extendleft(runs)
            raise
        self._in_flight.forget(runs)
        if self._run_budget is not None:
            self._run_budget.give_back(len(runs))

"""Claiming: how many jobs to take, what to do after a lost reply, and what to hand back."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable, UnknownWorker
from ..execution.run import Run
from ..model import Claim, HandBack
from .in_flight import InFlight
from .prefetch import Prefetch
from .shared.busy import BusyFlags
from .shared.run_budget import RunBudget

_log = logging.getLogger("lightjobs.worker")


class Claiming:
    """Takes jobs from `queues` into `in_flight`, and gives back those that should not wait here."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        queues: Sequence[str],
        in_flight: InFlight,
        budget: RunBudget | None = None,
        busy_flags: BusyFlags | None = None,
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._queues = queues
        self._in_flight = in_flight
        self._budget = budget
        self._busy_flags = busy_flags
        self.prefetch = Prefetch()
        self.exhausted = False
        """Whether the last claim brought nothing."""
        self.spent = False
        """Whether --max-jobs has been reached."""
        self.given_up = False
        """Whether others, or the store, have given this worker up."""
        self._in_doubt = False

    def claim(self, free: int) -> None:
        """Claim what is worth a few milliseconds of work, but at least one job for each of the
        `free` places."""
        if free <= 0:
            return
        if self._in_doubt:
            self._adopt()
        claims = self._claimed(free)
        self.exhausted = not claims
        self._in_flight.add(claims)
        if any(claim.recoveries for claim in claims):
            # One of these may have killed its worker. A child that runs it holds nothing unstarted:
            # if supervisor and child die together, no record tells what had started, and each job
            # held would spend a recovery on its neighbor's account.
            self.prefetch.careful()
            self.hand_back(self._in_flight.take_waiting(keep=free))

    def _claimed(self, free: int) -> list[Claim]:
        wanted = min(max(free, self.prefetch.limit()), self._in_flight.journal.room())
        granted = wanted if self._budget is None else self._budget.take(wanted)
        self.spent = wanted > granted == 0
        if self._busy_flags is not None:
            self._busy_flags.set_busy(True)
        claims: list[Claim] = []
        try:
            if granted:
                self._in_doubt = True  # until the reply is here
                claims = self._engine.claim(self._worker, self._queues, granted)
                self._in_doubt = False
        except UnknownWorker as error:
            _log.warning("%s: this worker was given up; another takes its place", error)
            self.given_up = True
        finally:
            if self._budget is not None:
                self._budget.give_back(granted - len(claims))
        return claims

    def _adopt(self) -> None:
        """Take in claims whose reply was lost."""
        # Copied first: what the keeper settles in between is in the store's answer but not in ours.
        known = {run.claim[:2] for run in list(self._in_flight.runs.values())}
        held = self._engine.held(self._worker)
        adopted = [claim for claim in held if claim[:2] not in known]
        self._in_doubt = False
        if adopted:
            _log.warning("adopted %d claims whose reply was lost", len(adopted))
            self._in_flight.add(adopted)
            if self._budget is not None:
                self._budget.take(len(adopted))

    def hand_back_all(self) -> None:
        """At a stop: give back everything that waits. Claims that this worker may hold without
        knowing are not worth waiting for a store that is away: a recovery of the worker puts them
        back."""
        if self._in_doubt:
            try:
                self._adopt()
            except StoreUnavailable:
                if len(self._in_flight):
                    raise
        self.hand_back(self._in_flight.take_waiting())

    def hand_back(self, runs: Sequence[Run]) -> None:
        """Give back runs that have not started, at no cost to their jobs."""
        if not runs:
            return
        try:
            outcomes = [HandBack(run.claim.id, run.claim.fence) for run in runs]
            self._engine.settle(self._worker, outcomes)
        except LightjobsError:
            self._in_flight.waiting.extendleft(runs)
            raise
        self._in_flight.forget(runs)
        if self._budget is not None:
            self._budget.give_back(len(runs))

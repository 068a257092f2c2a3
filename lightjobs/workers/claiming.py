"""Claiming: how many jobs to take, what to do when a reply was lost, and what to hand back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from ..engines.control import Engine
from ..engines.partly import PartlySettled, held_there
from ..engines.store import Pending
from ..errors import StoreUnavailable, UnknownWorker
from ..execution import exchanges
from ..execution.run import Run
from ..model import Claim, HandBack, Outcome
from .in_flight import InFlight
from .prefetch import Prefetch
from .queue_order import QueueOrder
from .refused import settle
from .shared.busy import BusyFlags
from .shared.run_budget import RunBudget
from .unknown_handlers import UnknownHandlers

SKIP_PAUSE_SECONDS = 0.1
"""The shortest pause between two claims that skip handlers, while they bring nothing."""

_log = logging.getLogger("lightjobs.worker")


class Claiming:
    """Takes jobs from the queues of `order` into `in_flight`, and hands back those that should not
    wait here."""

    def __init__(
        self,
        engine: Engine,
        worker: str,
        order: QueueOrder,
        in_flight: InFlight,
        unknown: UnknownHandlers | None = None,
        run_budget: RunBudget | None = None,
        busy_flags: BusyFlags | None = None,
        concurrency: int = 1,
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._order = order
        self._in_flight = in_flight
        self._unknown = unknown
        self._run_budget = run_budget
        self._busy_flags = busy_flags
        self.answers_later = engine.answers_later
        """Whether there is `send`."""
        self.prefetch = Prefetch(concurrency)
        self.exhausted = False
        """Whether the last claim brought nothing."""
        self.was_full = False
        """Whether the last claim brought all that it asked for, so that more may be waiting."""
        self.skip_pause = 0.0
        """How long to wait before the next claim, if the last one skipped handlers and brought
        nothing."""
        self.budget_spent = False
        """Whether --max-jobs has been reached."""
        self.given_up = False
        """Whether other workers, or the store, have given this worker up."""
        self._began_at = 0.0
        self.begun = self.ended = 0
        """How many claims have begun, and how many of them have ended."""
        self.adopting = threading.Lock()
        """Held while claims that are unknown here are adopted or handed back."""
        self.in_doubt = False
        """Whether the reply to a claim has not arrived, or was lost: the store may count jobs as
        held here that are unknown here."""

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
        if self.in_doubt:
            self._adopt()
        wanted = self.prefetch.wanted(free, len(self._in_flight.waiting))
        if wanted > 0:
            granted = self.begin(wanted)
            self.end(granted, partial(self._claims, granted), free)

    def begin(self, wanted: int) -> int:
        """Begin a claim of up to `wanted` jobs. Returns how many it may bring: 0 if the store need
        not be asked. `end` must be called next."""
        self.begun += 1
        self._began_at = time.monotonic()
        wanted = min(wanted, self._in_flight.journal.room())
        granted = wanted if self._run_budget is None else self._run_budget.take(wanted)
        self.budget_spent = wanted > granted == 0
        if self._busy_flags is not None:
            self._busy_flags.set_busy(True)
        if granted:
            self.in_doubt = True  # until the reply has arrived
            self.skip_pause = 0.0
        return granted

    def send(self, granted: int, outcomes: Sequence[Outcome]) -> Pending:
        """Send the claim that has begun, after a settlement of `outcomes`. Raises nothing."""
        self._in_flight.journal.claim_note.begin(granted)
        return self._engine.settle_and_claim(self._worker, outcomes, self._order.queues, granted)

    def end(
        self,
        granted: int,
        answer: Callable[[], list[Claim]],
        free: int,
        since: float | None = None,
    ) -> None:
        """Take in what a claim has brought that was sent at `since`; None: just now. `answer` waits
        for the store's answer and returns it."""
        claims: list[Claim] = []
        try:
            if granted:
                claims = answer()
                self.in_doubt = False
            self._in_flight.add(claims, since)
            if claims:
                exchanges.received(claims, self._began_at if since is None else since)
        except UnknownWorker as error:
            _log.warning("%s: this worker was given up; another takes its place", error)
            self.given_up = True
        finally:
            if self._run_budget is not None:
                self._in_flight.journal.claim_note.forget_granted()
                self._run_budget.give_back(granted - len(claims))
            self.ended = self.begun
        self._order.note(claims)
        self.exhausted = not claims
        self.was_full = len(claims) == granted > 0
        if any(claim.recoveries for claim in claims):
            # One of these may have killed its worker. A child that runs such a job holds no
            # unstarted ones: if supervisor and child die together, no record tells which jobs had
            # started, and all that the child held would spend a recovery on its account.
            self.prefetch.restart()
            self.hand_back(self._in_flight.take_waiting(keep=free))

    @property
    def is_skipping(self) -> bool:
        """Whether claims skip handlers."""
        return self._unknown is not None and bool(self._unknown.skipped())

    def _claims(self, limit: int) -> list[Claim]:
        skip = () if self._unknown is None else self._unknown.skipped()
        if self._unknown is None or not skip:
            return self._engine.claim(self._worker, self._order.queues, limit)
        began = time.monotonic()
        claims = self._engine.claim(self._worker, self._order.queues, limit, skip)
        # The store has looked past the jobs that are skipped, however many there are. Such claims
        # may take a twentieth of its time at most.
        self.skip_pause = max(SKIP_PAUSE_SECONDS, 20 * (time.monotonic() - began))
        self._unknown.note_claimed({claim.handler for claim in claims} & set(skip))
        return claims

    def _adopt(self) -> None:
        """Take in the claims whose reply was lost."""
        with self.adopting:
            known = self._in_flight.known()
            held = held_there(self._engine, self._worker)
            adopted = [claim for claim in held if claim[:2] not in known]
            self.in_doubt = False
            self._in_flight.add(adopted)
            if adopted:
                _log.warning("adopted %d claims whose reply was lost", len(adopted))
                if self._run_budget is not None:
                    self._run_budget.take(len(adopted))

    def hand_back_all(self) -> None:
        """At a stop: hand back all waiting runs, and the claims whose reply was lost. If only such
        claims may be left and the store is away, they are not worth waiting for: they go back when
        the worker is recovered."""
        if self.in_doubt:
            try:
                self._adopt()
            except StoreUnavailable:
                if len(self._in_flight):
                    raise
        self.hand_back(self._in_flight.take_waiting())

    def hand_back(self, runs: Sequence[Run]) -> None:
        """Hand back runs that have not started, at no cost to their jobs. If that fails, they wait
        as before, and the error is raised; of several only those that could not be handed back."""
        if not runs:
            return
        try:
            outcomes = [HandBack(run.claim.id, run.claim.fence) for run in runs]
            settle(self._engine, self._worker, outcomes)
        except PartlySettled as part:
            pairs = list(zip(runs, part.answers, strict=True))
            self._in_flight.waiting.extendleft(run for run, answer in pairs if answer is None)
            self._have_gone([run for run, answer in pairs if answer is not None])
            raise
        except BaseException:
            self._in_flight.waiting.extendleft(runs)
            raise
        self._have_gone(runs)

    def _have_gone(self, runs: Sequence[Run]) -> None:
        self._in_flight.forget(runs)
        if self._run_budget is not None:
            self._run_budget.give_back(len(runs))

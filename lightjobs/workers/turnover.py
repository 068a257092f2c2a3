"""The turnover: settling what has run and claiming more in one request, which is under way while
the jobs run that still wait.

Otherwise a worker would wait for the store after each batch, and the store for the worker. This is
for a lone child whose jobs run in the loop's thread, and for stores that answer later. A pool's
places work on during a claim in any case. Of several children one works while another waits: two of
them, with the server on the same two cores, did a quarter less in this way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from ..engines.store import Pending
from ..execution.run import Run
from .claiming import Claiming
from .in_flight import InFlight
from .options import Options
from .runners import Runner
from .settling import Settling


class _Request(NamedTuple):
    runs: Sequence[Run]
    granted: int
    sent_at: float
    answers: Pending


class Turnover:
    """At most one request is under way. What it claims counts as what waits here does: no more is
    held than without it.

    `begin` is called by the loop, `end` by the loop or by the keeper, when a job turns out to be
    long."""

    def __init__(
        self,
        in_flight: InFlight,
        claiming: Claiming,
        settling: Settling,
        runner: Runner,
        options: Options,
    ) -> None:
        self._in_flight = in_flight
        self._claiming = claiming
        self._settling = settling
        is_lone = options.workers <= 1
        self._is_possible = is_lone and claiming.answers_later and runner.runs_in_loop
        self._could_overlap = False
        """Whether the runs that were settled last could be settled after the next claim."""
        self._request: _Request | None = None
        self._ending = threading.Lock()

    @property
    def is_under_way(self) -> bool:
        """Whether a request has been sent whose answers have not been dealt with."""
        return self._request is not None

    def has_waited(self, seconds: float) -> bool:
        """Whether a request has been under way for at least this many seconds."""
        request = self._request
        return request is not None and request.sent_at <= time.monotonic() - seconds

    def low_water(self) -> int:
        """The number of waiting jobs at which a request is due; -1 if none is due before all have
        run."""
        if self.is_under_way or not (self._could_overlap and self._may_claim_more()):
            return -1
        return self._claiming.prefetch.reserve()

    def _may_claim_more(self) -> bool:
        """Whether a claim may be sent while jobs wait here."""
        # If the last claim has not brought all it might have, others may be short of jobs.
        return self._claiming.was_full and self._is_plain()

    def _is_plain(self) -> bool:
        """Whether the next claim is one that a request can bring."""
        claiming = self._claiming
        return self._is_possible and not (claiming.in_doubt or claiming.is_skipping)

    def is_due(self, runs: Sequence[Run], free: int) -> bool:
        """Whether to settle `runs` and to claim by `begin` now."""
        claiming, waiting = self._claiming, len(self._in_flight.waiting)
        if not waiting:
            is_time = claiming.is_due(free) and self._is_plain()
        else:
            is_time = waiting <= claiming.prefetch.reserve() and self._may_claim_more()
        if not is_time or self._wanted(free) <= 0:
            return False
        self._could_overlap = self._settling.can_overlap(runs)
        return self._could_overlap

    def begin(self, runs: Sequence[Run], free: int) -> None:
        """Send the request. Waits for the answers only if there is nothing to run meanwhile."""
        if runs:
            self._settling.learn(runs)
        wanted = self._wanted(free)
        granted = self._claiming.begin(wanted) if wanted > 0 else 0
        if granted:
            sent_at = time.monotonic()
            answers = self._claiming.send(granted, [run.outcome for run in runs])
            self._request = _Request(runs, granted, sent_at, answers)
            if not self._in_flight.waiting:
                self.end(free)
        else:
            if wanted > 0:
                self._claiming.end(granted, list, free)
            self._settling.end(runs)

    def _wanted(self, free: int) -> int:
        return self._claiming.prefetch.wanted(free, len(self._in_flight.waiting))

    def end(self, free: int) -> None:
        """Wait for the answers of the request that is under way, if there is one, and deal with
        them. Raises StoreUnavailable: then the runs count as finished, and claims are in doubt."""
        if self._request is None:
            return
        with self._ending:
            request = self._request
            if request is None:  # the other thread has just dealt with it
                return
            try:
                self._settling.end(request.runs, request.answers.settlements, request.sent_at)
            finally:
                claims = request.answers.claims
                try:
                    self._claiming.end(request.granted, claims, free, request.sent_at)
                finally:
                    self._request = None

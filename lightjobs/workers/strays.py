"""Strays: claims that the store counts as this worker's, but that the worker knows nothing of.

A network may deliver a claim seconds after its worker has given it up and asked what it holds. The
server carries it out, and its jobs would be stuck for as long as the worker lives.
"""

from __future__ import annotations

import logging
import time

from ..engines.control import Engine
from ..engines.partly import held_there
from ..model import Claim, HandBack
from .claiming import Claiming
from .in_flight import InFlight
from .refused import settle

AGAIN_SECONDS = 0.5
"""The pause before the second look, after which a claim counts as a stray."""

_log = logging.getLogger("lightjobs.worker")


class Strays:
    """Compares what the store says with what is `in_flight`, and hands back strays at no cost.

    A claim whose reply is still on its way looks like a stray. So a stray is a claim that two looks
    have found, between which every call of `claiming` that had begun has ended.
    """

    def __init__(
        self, engine: Engine, worker: str, in_flight: InFlight, claiming: Claiming, interval: float
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._in_flight = in_flight
        self._claiming = claiming
        self._interval = interval
        self._next_at = time.monotonic() + interval
        self._suspects: set[tuple[str, int]] = set()
        self._begun = 0
        """How many claims had begun at the look that found the suspects."""

    def check(self) -> None:
        """Look if it is time to. Raises StoreUnavailable."""
        if time.monotonic() < self._next_at:
            return
        self._next_at = time.monotonic() + AGAIN_SECONDS
        if self._suspects:
            if self._claiming.ended < self._begun:
                return
            self._put_back()
            self._suspects = set()
        else:
            self._begun = self._claiming.begun
            self._suspects = {claim[:2] for claim in self._unknown()}
        if not self._suspects:
            self._next_at = time.monotonic() + self._interval

    def _put_back(self) -> None:
        with self._claiming.adopting:
            strays = [claim for claim in self._unknown() if claim[:2] in self._suspects]
            if strays:
                _log.warning("handed back %d claims that reached the store late", len(strays))
                outcomes = [HandBack(claim.id, claim.fence) for claim in strays]
                settle(self._engine, self._worker, outcomes)

    def _unknown(self) -> list[Claim]:
        known = self._in_flight.known()  # before the store is asked: see there
        return [claim for claim in held_there(self._engine, self._worker) if claim[:2] not in known]

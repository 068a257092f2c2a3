"""The history: what a process of workers tells the store of their runs, every ten seconds, and of
the queues, once a minute.

While the store is away, what is to be told is kept, as far as there is room.
"""

from __future__ import annotations

import logging
import time

from ..engines.control import Engine
from ..engines.version_changes import note_version
from ..errors import LightjobsError, StoreUnavailable
from ..model import Status
from ..notes.observed import SAMPLE, SPANS, Rate, added
from .observer import Observer
from .vitals import OUTCOMES, Totals

HISTORY_SECONDS = 10.0
"""How often the history is sent."""

FINISH_SECONDS = 2.0
"""How long the end of a process waits until the rest has been sent."""

MOST_UNSENT = 20_000
"""How many rates are kept for a store that is away. Of more, the oldest of the shortest span are
dropped."""

AT_ONCE = 1000
"""How many rates are sent in one call."""

_KINDS = tuple(OUTCOMES.index(kind) for kind in ("done", "retried", "released", "failed"))
_NONE = Totals()

_Key = tuple[int, int, str, str]
"""The span, bucket, queue and handler of a Rate."""

_log = logging.getLogger("lightjobs.worker")


class History:
    """Sends what an observer has counted since the last time, and samples of the queues. One thread
    at a time may use it."""

    def __init__(self, engine: Engine, observer: Observer) -> None:
        self._engine = engine
        self._observer = observer
        self._told: dict[tuple[str, str], Totals] = {}
        """What has been counted up to the last time."""
        self._unsent: dict[_Key, Rate] = {}
        self._sampled = 0.0
        self._refused = False
        """Whether the log says that the store does not take the history."""

    def send(self) -> None:
        """Send what is new, and a sample of the queues once a minute. Raises StoreUnavailable; then
        the next call sends it. If the connection breaks after the store has taken rates, these may
        be counted twice."""
        now = time.time()
        self._gather(now)
        try:
            self._send_unsent()
            self._sample(now)
        except StoreUnavailable:
            raise
        except LightjobsError as error:  # the history must not end a worker
            if not self._refused:
                self._refused = True
                _log.warning("the history of runs cannot be stored: %s", error)

    def send_rest(self) -> None:
        """Send what is new, at the end of the process. Raises StoreUnavailable."""
        self._sampled = float("inf")
        self.send()

    def _gather(self, now: float) -> None:
        """Add to what is unsent what was counted since the last time."""
        runs = dict(self._observer.counts().runs)
        for (queue, handler), totals in runs.items():
            told = self._told.get((queue, handler), _NONE)
            if totals != told and (rate := _rate(queue, handler, totals, told)).runs:
                self._add(now, rate)
        self._told = runs
        self._forget_oldest()

    def _add(self, now: float, rate: Rate) -> None:
        """Add `rate` to what is unsent, in the present bucket of each span."""
        for span in SPANS:
            each = rate._replace(span=span, bucket=int(now // span * span))
            key = each[:4]
            known = self._unsent.get(key)
            self._unsent[key] = each if known is None else added(known, each)

    def _forget_oldest(self) -> None:
        excess = len(self._unsent) - MOST_UNSENT
        if excess > 0:
            for key in sorted(self._unsent)[:excess]:  # by span, then by age
                del self._unsent[key]

    def _send_unsent(self) -> None:
        # In order, or two processes might each wait for a row that the other has written.
        keys = sorted(self._unsent)
        for start in range(0, len(keys), AT_ONCE):
            part = keys[start : start + AT_ONCE]
            self._engine.monitoring.note_rates([self._unsent[key] for key in part])
            for key in part:
                del self._unsent[key]

    def _sample(self, now: float) -> None:
        """Note how many jobs are due in each queue, for how long, and which version most workers
        have, if no process has done so in this minute."""
        bucket = now // 60 * 60
        if bucket <= self._sampled:
            return
        self._sampled = bucket
        if not self._engine.monitoring.begin_sample(int(bucket)):
            return
        latencies = self._engine.latency()
        for queue, counts in self._engine.stats().items():
            due = counts.get(Status.NEW, 0) - counts.get("delayed", 0)
            latency = latencies.get(queue, 0.0)
            self._add(now, Rate(0, 0, queue, SAMPLE, depth=max(0, due), latency=latency))
        self._send_unsent()
        note_version(self._engine, now)


def _rate(queue: str, handler: str, totals: Totals, told: Totals) -> Rate:
    """What was counted since the totals were as `told`."""
    new = totals.minus(told)
    done, retried, released, failed = (new.ended[kind] for kind in _KINDS)
    return Rate(
        *(0, 0, queue, handler, done, retried, released, failed),
        # Not of the difference: what is cut off each time would add up.
        milliseconds=max(0, int(totals.seconds * 1000) - int(told.seconds * 1000)),
        durations=new.durations,
        waits=new.waits,
    )

"""The middleware that counts and measures under the names of OpenTelemetry's conventions."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

from opentelemetry import metrics
from opentelemetry.metrics import Counter, Histogram, MeterProvider

from .. import current
from ..execution.run import Run
from ..middleware import Middleware
from ..model import Claim, NewJob
from ..version import __version__
from . import attributes
from .attributes import ERROR_TYPE, FLUSH_MS, SCHEMA_URL, SCOPE

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The bounds of the parts of durations that the conventions advise, in seconds."""

_log = logging.getLogger("lightjobs.tracing")
_made: weakref.WeakSet[Metrics]


class _Instruments(NamedTuple):
    sent: Counter
    consumed: Counter
    duration: Histogram


class Metrics(Middleware):
    """Counts dispatched jobs (`messaging.client.sent.messages`) and started runs
    (`messaging.client.consumed.messages`), and measures runs (`messaging.process.duration`), by
    queue and error.

    Without a meter provider it does nothing. What goes wrong here is logged, and changes nothing
    about dispatches and runs.
    """

    def __init__(self) -> None:
        self._begin()
        _made.add(self)

    def provider(self) -> MeterProvider:
        """The meter provider of this process: by default the global one. Override it to make one
        with an exporter. It is called at the first dispatch or run of each process, so in workers
        after the fork: an exporter's connection must not be shared with other processes."""
        return metrics.get_meter_provider()

    def _begin(self) -> None:
        """Begin without a provider: after a fork, the parent's is not used."""
        self._provider: MeterProvider | None = None
        self._instruments: _Instruments | None = None
        self._making = threading.Lock()
        self._is_broken = False
        self._kept: dict[tuple[str, str, str | None], attributes.Attributes] = {}

    def _ready(self) -> _Instruments | None:
        """What is counted with; None if there is no provider."""
        if self._instruments is None and not self._is_broken:
            with self._making:
                if self._instruments is None and not self._is_broken:
                    self._make()
        return self._instruments

    def _make(self) -> None:
        try:
            self._provider = self.provider()
            meter = self._provider.get_meter(SCOPE, __version__, SCHEMA_URL)
            self._instruments = _Instruments(
                meter.create_counter(
                    "messaging.client.sent.messages", "{message}", "Jobs that were dispatched."
                ),
                meter.create_counter(
                    "messaging.client.consumed.messages", "{message}", "Runs that were started."
                ),
                meter.create_histogram(
                    "messaging.process.duration",
                    "s",
                    "How long runs took.",
                    explicit_bucket_boundaries_advisory=BOUNDS,
                ),
            )
        except Exception:
            self._is_broken = True
            _log.exception("provider() raised: this process measures nothing")

    def _attributes(
        self, operation: str, queue: str, error: str | None = None
    ) -> attributes.Attributes:
        key = operation, queue, error
        found = self._kept.get(key)
        if found is None:
            found = attributes.of_metric(operation, queue) | attributes.of_server(
                current.settings()
            )
            if error is not None:
                found[ERROR_TYPE] = error
            if len(self._kept) < attributes.MOST_KEPT:
                self._kept[key] = found
        return found

    def on_push(self, job_id: str, job: NewJob) -> None:
        """Count a job that was dispatched."""
        if (instruments := self._ready()) is not None:
            instruments.sent.add(1, self._attributes("send", job.queue))

    def on_not_pushed(self, jobs: Sequence[NewJob], error: BaseException | None) -> None:
        """Count jobs whose dispatch has failed; another scheduler's moment is no dispatch."""
        if error is None or (instruments := self._ready()) is None:
            return
        kind = attributes.error_type(error)
        for job in jobs:
            instruments.sent.add(1, self._attributes("send", job.queue, kind))

    def on_claim(self, claim: Claim) -> None:
        """Count a run that starts."""
        if (instruments := self._ready()) is not None:
            instruments.consumed.add(1, self._attributes("process", claim.queue))

    def on_end(self, run: Run) -> None:
        """Measure a run that has ended."""
        if (instruments := self._ready()) is not None:
            failure = attributes.failure_of(run)
            found = self._attributes("process", run.claim.queue, failure)
            instruments.duration.record(run.seconds, found)

    def close(self) -> None:
        """Send what has not been sent."""
        flush: Any = getattr(self._provider, "force_flush", None)
        if flush is not None:
            flush(FLUSH_MS)


def _begin_all() -> None:
    for each in list(_made):
        each._begin()


_made = weakref.WeakSet()
os.register_at_fork(after_in_child=_begin_all)

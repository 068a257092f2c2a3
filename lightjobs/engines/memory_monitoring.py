"""The specification of what people see of a store, in plain Python."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from ..model import Status
from ..notes.observed import SPANS, Rate, Worker, added
from ..notes.worker_notes import read_note
from ..process import clock
from .memory_jobs import MemoryJob
from .monitoring_store import MonitoringStore, ensure_span


class HistoryAlone(MonitoringStore):
    """The history in the memory of this process, and all that the engines need that keep no jobs:
    they have no workers and no due jobs."""

    def __init__(self) -> None:
        self._rates: dict[tuple[int, int, str, str], Rate] = {}
        self._sampled = 0
        self._noting = threading.Lock()

    def workers(self) -> list[Worker]:
        return []

    def latency(self) -> dict[str, float]:
        return {}

    def note_rates(self, rates: Sequence[Rate]) -> None:
        with self._noting:
            known = dict(self._rates)  # so that readers never see half of the rates
            for rate in rates:
                key = rate[:4]
                known[key] = added(known[key], rate) if key in known else rate
            newest: Mapping[int, int] = {
                span: max((key[1] for key in known if key[0] == span), default=0) for span in SPANS
            }
            self._rates = {
                key: rate for key, rate in known.items() if key[1] > newest[key[0]] - SPANS[key[0]]
            }

    def rates(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> list[Rate]:
        ensure_span(span)
        found = [
            rate
            for rate in self._rates.values()
            if rate.span == span
            and rate.bucket + span > since
            and (until is None or rate.bucket < until)
            and queue in (None, rate.queue)
            and handler in (None, rate.handler)
        ]
        return sorted(found, key=lambda rate: rate[:4])

    def begin_sample(self, bucket: int) -> bool:
        with self._noting:
            first = bucket > self._sampled
            self._sampled = max(self._sampled, bucket)
            return first


class MemoryMonitoring(HistoryAlone):
    """What is seen of a MemoryEngine, under its lock."""

    def __init__(
        self,
        lock: threading.Condition,
        jobs: Mapping[int, MemoryJob],
        workers: Mapping[str, float],
        notes: Mapping[str, str],
    ) -> None:
        super().__init__()
        self._lock = lock
        self._jobs = jobs
        self._workers = workers
        self._notes = notes

    def workers(self) -> list[Worker]:
        with self._lock:
            now = clock.now()
            return [
                Worker(name, expires - now, read_note(self._notes.get(name)))
                for name, expires in sorted(self._workers.items())
            ]

    def latency(self) -> dict[str, float]:
        with self._lock:
            now = clock.now()
            ages: dict[str, float] = {}
            for job in self._jobs.values():
                if job.status == Status.NEW and job.due <= now:
                    ages[job.new.queue] = max(ages.get(job.new.queue, 0.0), now - job.due)
            return dict(sorted(ages.items()))

"""What is seen of Redis's queues and workers, and the history of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...notes.observed import Rate, Sums, Worker
from ...notes.worker_notes import read_note
from ..monitoring_store import MonitoringStore, ensure_span
from .bulk import Call
from .rates import Bucket, buckets_of, name_parts, noted, rates_of, sums_of
from .rows import text
from .waiting import waited

QUEUES = 500
"""The most queues that one call looks at."""

BUCKETS = 50
"""The most buckets of the history that one call reads."""

SAMPLED_SECONDS = 3600
"""How long it is kept that a bucket has been sampled."""


class RedisMonitoring(MonitoringStore):
    """The monitoring of a RedisEngine."""

    def __init__(self, call: Call, execute: Call, prefix: str) -> None:
        self._call = call
        self._execute = execute
        self._prefix = prefix

    def workers(self) -> list[Worker]:
        found = (
            Worker(text(name), float(left), read_note(note))
            for name, left, note in _rows(self._call("workers"))
        )
        return sorted(found, key=lambda worker: worker.name)

    def latency(self) -> dict[str, float]:
        ages: dict[str, float] = {}
        queues = list(self._execute("SMEMBERS", f"{self._prefix}queues"))
        for part in _parts(queues, QUEUES):
            at, *heads = self._call("latency", *part)
            for queue, due, id in _rows(heads):
                ages[text(queue)] = waited(float(at), text(due), text(id))
        return dict(sorted(ages.items()))

    def note_rates(self, rates: Sequence[Rate]) -> None:
        if rates:
            self._call("note_rates", *noted(rates))

    def rates(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> list[Rate]:
        found = [
            rate
            for bucket in self._buckets(span, since, queue, handler, until)
            for rate in rates_of(span, bucket)
        ]
        return sorted(found, key=lambda rate: rate[:4])

    def sums(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> Sums:
        return sums_of(span, self._buckets(span, since, queue, handler, until))

    def _buckets(
        self, span: int, since: float, queue: str | None, handler: str | None, until: float | None
    ) -> Iterator[Bucket]:
        ensure_span(span)
        key, first = f"{self._prefix}rates:{span}", f"({since - span:.6f}"
        last = "+inf" if until is None else f"({until:.6f}"
        buckets = self._execute("ZRANGEBYSCORE", key, first, last)
        names = name_parts(queue, handler)
        for part in _parts(buckets, BUCKETS):
            yield from buckets_of(self._call("rates", span, *names, *part))

    def begin_sample(self, bucket: int) -> bool:
        key = f"{self._prefix}sampled:{bucket}"
        return bool(self._execute("SET", key, 1, "NX", "EX", SAMPLED_SECONDS))


def _rows(reply: Sequence[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    return zip(*[iter(reply)] * 3, strict=True)


def _parts(words: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (words[start : start + size] for start in range(0, len(words), size))

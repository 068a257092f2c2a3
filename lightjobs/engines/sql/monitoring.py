"""What is seen of a SqlEngine's workers and queues, and the history in the table `job_rates`."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from ...model import Status
from ...notes.observed import PARTS, SAMPLE, SPANS, Rate, Sums, Worker, added, counted
from ...notes.worker_notes import read_note
from ..monitoring_store import MonitoringStore, ensure_span
from .bulk import Bulk
from .database import Database, repeatable, undone
from .rows import Params, Row

PART = 2000
"""Rows of the history that one statement reads, adds or deletes."""

FORGET_SECONDS = 60.0
"""How often a process deletes old rates."""

_FILTERS = {
    "only_queue": "AND queue = :only_queue",
    "only_handler": "AND handler = :only_handler",
    "until": "AND bucket < :until",
}


class SqlMonitoring(MonitoringStore):
    """The monitoring of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._forget_at = 0.0

    @repeatable
    def workers(self) -> list[Worker]:
        rows = self._db.rows("workers", {})
        return [Worker(name, float(left), read_note(note)) for name, left, note in rows]

    @repeatable
    def latency(self) -> dict[str, float]:
        # A statement that cannot step through the queues is told their names.
        names = [] if self._db.dialect.steps else list(Bulk(self._db).queues(Status.NEW))
        rows = self._db.look("latency", {"queues": json.dumps(names)})
        return {queue: float(seconds) for queue, seconds in rows}

    @undone
    def note_rates(self, rates: Sequence[Rate]) -> None:
        rows = _rows(rates)
        with self._db.transaction():
            for start in range(0, len(rows), PART):
                part = json.dumps(rows[start : start + PART], ensure_ascii=False)
                self._db.run("note_rates", {"rates": part})

    def rates(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> list[Rate]:
        params, which = _chosen(span, since, queue, handler, until)
        place: dict[str, Any] = {"bucket": params["before"], "queue": "", "handler": ""}
        found: list[Rate] = []
        while page := self._page({**params, **place, "limit": PART}, which):
            found += [_rate(span, row) for row in page]
            if len(page) < PART:
                break
            place = dict(zip(place, page[-1], strict=False))
        return found

    @repeatable
    def _page(self, params: Params, which: str) -> list[Row]:
        return self._db.look("rates", params, which)

    @repeatable
    def sums(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> Sums:
        params, which = _chosen(span, since, queue, handler, until)
        buckets = self._db.look("sum_buckets", params, which)
        handlers = self._db.look("sum_handlers", params, which)
        return Sums(
            [_sum(span, row, bucket=int(row[0])) for row in buckets],
            [_sum(span, row, handler=row[0]) for row in handlers],
        )

    @undone
    def begin_sample(self, bucket: int) -> bool:
        # Look first: most processes come too late, and a look waits for no other transaction.
        params = {"bucket": bucket}
        return not self._db.rows("is_sampled", params) and self._db.run("begin_sample", params) > 0

    @undone
    def forget(self) -> None:
        """Delete some of the rates that are older than their spans say, at most once a minute."""
        if time.monotonic() < self._forget_at:
            return
        for span, kept in SPANS.items():
            self._db.run("forget_rates", {"span": span, "kept": kept, "limit": PART})
        self._forget_at = time.monotonic() + FORGET_SECONDS


def _chosen(
    span: int, since: float, queue: str | None, handler: str | None, until: float | None
) -> tuple[Params, str]:
    """The parameters that choose rates, and the filters among them."""
    ensure_span(span)
    filters = {
        "only_queue": queue,
        "only_handler": handler,
        "until": None if until is None else math.ceil(until),
    }
    which = " ".join(_FILTERS[name] for name, value in filters.items() if value is not None)
    return {"span": span, "before": math.floor(since) - span, **filters}, which


def _rows(rates: Iterable[Rate]) -> list[list[Any]]:
    """The rows of `rates`, one for each key, in the order of the keys."""
    known: dict[tuple[int, int, str, str], Rate] = {}
    for rate in rates:
        queue, handler = _name(rate.queue, 55), _name(rate.handler, 255)
        key = rate.span, rate.bucket, queue, handler
        named = rate._replace(queue=queue, handler=handler)
        known[key] = added(known[key], named) if key in known else named
    ordered = (known[key] for key in sorted(known))
    return [[*rate[:9], *rate.durations, *rate.waits, *rate[11:]] for rate in ordered]


def _name(text: str, length: int) -> str:
    """`text` as every database can store it: jobs may come from one that can store more."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")[:length]


def _rate(span: int, row: Row) -> Rate:
    bucket, queue, handler, done, retried, released, failed, milliseconds, *rest = row
    durations, waits, depth, latency = rest
    return Rate(
        span,
        bucket,
        sys.intern(queue),  # many rates have the same
        sys.intern(handler),
        done,
        retried,
        released,
        failed,
        milliseconds,
        _parts(durations),
        _parts(waits),
        depth,
        latency,
    )


def _sum(span: int, row: Row, bucket: int = 0, handler: str = SAMPLE) -> Rate:
    """A row that begins with a name. Databases return sums as numbers of several types."""
    _, *numbers = row
    counts = [int(number) for number in numbers[: 5 + 2 * PARTS]]
    depth, latency = numbers[len(counts) :] or (None, None)
    return counted(
        span, bucket, "", handler, counts, None if depth is None else int(depth), latency
    )


@lru_cache(maxsize=1024)
def _parts(text: str) -> tuple[int, ...]:
    """A distribution. Cached, since most rates have the same few."""
    return tuple(map(int, text.split(",")))

"""The history of up to 35 days, of which the store gives the sums."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..engines.control import Engine
from ..engines.version_changes import VersionChange, version_changes
from ..notes.observed import SAMPLE, Rate, sums
from ..watching.queues import hour
from ..watching.summaries import summary_of
from .charts import Chart, Charts, window
from .visit import Visit


class Period(NamedTuple):
    """A length of time that can be looked at."""

    seconds: int
    span: int
    """The length of the buckets that are read, in seconds."""
    row: int
    """The length of what a row of the tables covers, in seconds."""


PERIODS: Mapping[str, Period] = {
    "1h": Period(3600, 60, 300),
    "8h": Period(8 * 3600, 60, 1800),
    "3d": Period(3 * 86_400, 600, 7200),
    "35d": Period(35 * 86_400, 3600, 86_400),
}

MOST_HANDLERS = 10
"""How many handlers each table shows."""

HOUR = PERIODS["1h"]

History = dict[str, Any]
"""`charts`, and the handlers that are `slowest` and that are `most_failing`, each with its
`summary`."""


def history(visit: Visit, name: str, queue: str | None, handler: str | None) -> History | None:
    """The history of the period `name`, of one queue or handler if it is given; None if it is still
    being read."""

    def find() -> bytes:
        found = _history(visit.engine, PERIODS[name], queue, handler)
        # One for each filter that somebody thinks of may be kept, so keep it small.
        return zlib.compress(json.dumps(found).encode(), 1)

    kept = visit.figure(("history", name, queue, handler), find)
    if kept is None:
        return None
    known: History = json.loads(zlib.decompress(kept))
    return known


def hour_charts(visit: Visit) -> list[Chart] | None:
    """The last hour of all queues together: the runs, and how long they waited; None if that is
    still being read."""
    rates = hour(visit)
    if rates is None:
        return None
    every = [rate for of_queue in rates.values() for rate in of_queue]
    charts = Charts(sums(every).buckets, window(visit.now, *HOUR), _changes(visit))
    return [charts.runs(), charts.wait((50, 95))]


def queue_charts(visit: Visit, queue: str) -> list[Chart] | None:
    """The last hour of `queue`: how many jobs were due, and for how long; None if that is still
    being read."""
    samples = visit.figure("samples", lambda: _samples(visit.engine))
    if samples is None:
        return None
    found = sums(samples.get(queue, [])).buckets
    charts = Charts(found, window(visit.now, *HOUR), _changes(visit))
    return [charts.depth(), charts.latency()]


def _changes(visit: Visit) -> list[VersionChange]:
    return visit.figure("versions", lambda: version_changes(visit.engine)) or []


def _samples(engine: Engine) -> dict[str, list[Rate]]:
    """The last hour's samples of each queue."""
    found: dict[str, list[Rate]] = {}
    for rate in engine.rates(HOUR.span, time.time() - HOUR.seconds, handler=SAMPLE):
        found.setdefault(rate.queue, []).append(rate)
    return found


def _history(engine: Engine, period: Period, queue: str | None, handler: str | None) -> History:
    shown = window(time.time(), *period)
    until = shown.unfinished + shown.step
    found = engine.monitoring.sums(shown.step, shown.first, queue, handler, until)
    charts = Charts(found.buckets, shown, version_changes(engine))
    return {"charts": _made(charts, with_samples=handler is None), **_ranked(found.handlers)}


def _made(charts: Charts, *, with_samples: bool) -> list[Chart]:
    made = [charts.runs(), charts.failing(), charts.wait(), charts.duration()]
    # How many jobs are due is known of queues, not of handlers.
    return [*made, charts.depth(), charts.latency()] if with_samples else made


def _ranked(handlers: Sequence[Rate]) -> dict[str, list[dict[str, Any]]]:
    rows = [{"handler": rate.handler, **summary_of(rate)} for rate in handlers]
    ran = [row for row in rows if row["runs"]]
    slowest = sorted(ran, key=lambda row: (-_about(row["duration_p95"]), row["handler"]))
    failing = sorted(
        (row for row in ran if row["failing"]),
        key=lambda row: (-(row["retried"] + row["failed"]), row["handler"]),
    )
    return {"slowest": slowest[:MOST_HANDLERS], "most_failing": failing[:MOST_HANDLERS]}


def _about(percentile: Mapping[str, float] | None) -> float:
    return 0.0 if percentile is None else percentile["about"]

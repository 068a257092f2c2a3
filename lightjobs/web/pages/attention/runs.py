"""Runs that need attention: those that fail, and those that do not end."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple

from ....engines.control import Engine
from ....model import utc_text
from ....notes.observed import BOUNDS, SAMPLE, Running
from ....watching.queues import workers
from ....watching.summaries import grouped, summary
from ...formatting import duration, plural
from ...listing.kinds import kind_of
from ...visit import Visit
from .line import Line, cut

LONG = 60.0
"""A run that has lasted for no more seconds needs nothing."""
TIMES = 10
"""How many times as long as its handler's runs it may take."""

_TEN_MINUTES = 600
_HOUR = 3600
_DAY = 86_400

_LATEST = 200
"""How many of the latest failed jobs are looked at for the classes of their errors."""
_MOST_CLASSES = 3


class Failures(NamedTuple):
    """How many jobs of a handler have failed for good."""

    last: int
    """In the last hour: what has begun of these ten minutes, and the 50 before."""
    before: int
    """In the hour before that."""


def failing(visit: Visit) -> list[Line] | None:
    """Handlers of which more jobs failed for good in the last hour than in the hour before."""
    failures = visit.figure("failures", lambda: _failures(visit.engine))
    if failures is None:
        return None
    worse = {handler: each for handler, each in failures.items() if each.last > each.before}
    if not worse:
        return []
    classes = visit.figure("failed classes", lambda: _classes(visit.engine)) or {}
    lines = [
        Line(
            "failing-handler",
            f"{handler}: {plural(count.last, 'job')} failed in the last hour, {count.before:,} in "
            f"the hour before{_because(classes.get(handler))}.",
            "Their last attempt ended with an error; they are not tried again.",
            "See why they failed, and retry them once the cause is gone.",
            visit.link("jobs", status="failed", handler=handler),
        )
        for handler, count in sorted(worse.items(), key=lambda item: (-item[1].last, item[0]))
    ]
    return cut(lines, visit.link("failed") or visit.link("jobs", status="failed"))


def long(visit: Visit) -> list[Line] | None:
    """Runs that have lasted much longer than those of their handler do."""
    found = workers(visit)
    if found is None:
        return None
    notes = [worker.note for worker in found if worker.note and not worker.is_silent]
    running = [run for note in notes for run in note.running if visit.now - run.since > LONG]
    if not running:
        return []
    usual = visit.figure("usual durations", lambda: _usual(visit.engine))
    if usual is None:
        return None
    slow = [
        run
        for run in sorted(running, key=lambda run: run.since)
        if run.handler in usual and visit.now - run.since > TIMES * usual[run.handler]
    ]
    return cut([_long(visit, run, usual[run.handler]) for run in slow], visit.link("workers"))


def _long(visit: Visit, run: Running, usual: float) -> Line:
    return Line(
        "long-run",
        f"Job {run.id} of {run.handler} has been running for {duration(visit.now - run.since)}; 95 "
        f"of 100 of its runs end within {duration(usual)}.",
        "It may hang, or have more to do than others.",
        "Look at what it waits for. Cancel it if it hangs, and give the handler a timeout.",
        visit.link("job", job=run.id) or visit.link("workers"),
    )


def _failures(engine: Engine) -> dict[str, Failures]:
    """The failures of each handler that has some."""
    present = int(time.time() // _TEN_MINUTES * _TEN_MINUTES)
    last = present + _TEN_MINUTES - _HOUR
    counts: dict[str, list[int]] = {}
    for rate in engine.rates(_TEN_MINUTES, last - _HOUR):
        if rate.failed and rate.handler != SAMPLE:
            counts.setdefault(rate.handler, [0, 0])[rate.bucket < last] += rate.failed
    return {handler: Failures(*each) for handler, each in counts.items()}


def _classes(engine: Engine) -> dict[str, list[str]]:
    """The classes of the errors with which jobs of each handler failed in the last hour, as far as
    the latest failed jobs tell, the latest first."""
    since = utc_text(time.time() - _HOUR)
    found: dict[str, list[str]] = {}
    for job in engine.failures(_LATEST):
        names = found.setdefault(job.handler, [])
        name = kind_of(job.exception)
        if name and name not in names and (job.failed_at or "") >= since:
            names.append(name)
    return found


def _because(classes: list[str] | None) -> str:
    if not classes:
        return ""
    shown = ", ".join(name[:60] for name in classes[:_MOST_CLASSES])
    return f" ({shown}{' and others' if len(classes) > _MOST_CLASSES else ''})"


def _usual(engine: Engine) -> Mapping[str, float]:
    """The bound below which 95 of 100 runs of each handler stayed in the last day."""
    rates = engine.rates(_HOUR, time.time() - _DAY)
    found = {}
    for handler, of_it in grouped(rates, lambda rate: rate.handler).items():
        percentile = summary(of_it)["duration_p95"]
        if percentile is not None:
            found[handler] = percentile["at_most"] or BOUNDS[-1]
    return found

"""What is compared, and how the two trees compare."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from ..figures import Found
from ..report import WIDTH, figure


class Figure(NamedTuple):
    """One line of the table: the group that measures it, what it is, and whether less is better."""

    group: str
    title: str
    unit: str
    less: bool


FIGURES = {
    "start-cpu": Figure("start", "start and stop, processor time", "ms", True),
    "start-ready": Figure("start", "start to ready", "ms", True),
    "dispatch-cpu": Figure("dispatch", "dispatch one by one, processor time", "µs/job", True),
    "dispatch-rate": Figure("dispatch", "dispatch one by one", "jobs/s", False),
    "bulk-cpu": Figure("drain", "dispatch in bulk, processor time", "µs/job", True),
    "bulk-rate": Figure("drain", "dispatch in bulk", "jobs/s", False),
    "drain-cpu": Figure("drain", "drain, processor time", "µs/job", True),
    "drain-rate": Figure("drain", "drain", "jobs/s", False),
    "latency-p50": Figure("latency", "dispatch to start when idle, p50", "ms", True),
    "latency-p99": Figure("latency", "dispatch to start when idle, p99", "ms", True),
    "memory": Figure("latency", "memory of the worker", "MB", True),
    "io-async-cpu": Figure("io", "async, 10 ms, concurrency 100, processor time", "µs/job", True),
    "io-async-rate": Figure("io", "async, 10 ms, concurrency 100", "jobs/s", False),
    "io-threads-cpu": Figure(
        "io", "threads, 10 ms, concurrency 100, processor time", "µs/job", True
    ),
    "io-threads-rate": Figure("io", "threads, 10 ms, concurrency 100", "jobs/s", False),
}
"""Processor time is that of lightjobs alone, user and system: of the dispatching process, or of a
worker with its supervisor. A store's server is not in it."""

GROUPS = tuple(dict.fromkeys(each.group for each in FIGURES.values()))


class Comparison(NamedTuple):
    """The ratio of the current tree to the other: the median of the rounds, the least and the
    most."""

    ratio: float
    least: float
    most: float

    @property
    def within_noise(self) -> bool:
        """Whether some round says faster and another slower, or one says neither."""
        return self.least <= 1 <= self.most


def compare(current: Sequence[float], other: Sequence[float]) -> Comparison | None:
    """Round by round; None if no round has both."""
    ratios = [mine / theirs for mine, theirs in zip(current, other, strict=False) if theirs]
    if not ratios:
        return None
    return Comparison(statistics.median(ratios), min(ratios), max(ratios))


def line(key: str, found: Found) -> str:
    """What is printed for one figure: both medians, the ratio with its spread, and a verdict."""
    figures, errors = FIGURES[key], found.errors
    (current, other) = found.figures
    cells = [
        f"{figure(statistics.median(rounds)) if rounds else 'failed':>12}"
        for rounds in found.figures.values()
    ]
    text = f"{figures.title + ', ' + figures.unit:{3 * WIDTH - 4}}{''.join(cells)}"
    compared = compare(found.figures[current], found.figures[other])
    if compared is None:
        return f"{text}  {'; '.join(f'{name}: {error}' for name, error in errors.items())}"
    spread = f"{compared.least:.3f}-{compared.most:.3f}"
    return (
        f"{text}  {compared.ratio:6.3f}  {spread:13}  {_verdict(compared, figures.less)}".rstrip()
    )


def _verdict(compared: Comparison, less: bool) -> str:
    if compared.least == compared.most:
        return "one round"
    if compared.within_noise:
        return "within noise"
    return "better" if (compared.ratio < 1) == less else "WORSE"

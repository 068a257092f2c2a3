"""Which pictures and tables there are, and which parts each of them shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from ..options import RESULTS
from ..results import Stored, read

LEFT_OUT = ("regress", "-quick")
"""Results whose file names end so are not for pages."""


class Bars(NamedTuple):
    """A picture of bars: parts by key, a series with the value that is shown of it."""

    name: str
    title: str
    subtitle: str
    parts: Sequence[tuple[str, float | None]]


class Lines(NamedTuple):
    """A picture of series, and the scales of x and y, as lines.py has them."""

    name: str
    title: str
    subtitle: str
    parts: Sequence[str]
    scales: tuple[str, str]


class Column(NamedTuple):
    """A column of a table: a part, or a series at one value."""

    key: str
    title: str
    x: float | None = None


PICTURES: tuple[Bars | Lines, ...] = (
    Bars(
        "drain",
        "No-op jobs that one worker process takes and runs in a second",
        "All jobs wait when the worker starts. Longer is better.",
        [
            ("redis-drain-1", None),
            ("postgresql-drain-1", None),
            ("mariadb-drain-1", None),
            ("sqlite-drain-1", None),
        ],
    ),
    Lines(
        "io",
        "Jobs that wait 10 ms, by how many one worker process runs at a time",
        "Jobs in a second; both scales are logarithmic. Higher is better.",
        [
            "redis-io-async",
            "redis-io-threads",
            "postgresql-io-async",
            "postgresql-io-threads",
        ],
        ("log", "log"),
    ),
    Lines(
        "backlog",
        "No-op jobs drained in a second, by how many jobs wait in the queue",
        "All jobs are in the queue that is drained. Higher is better, and flat is best.",
        ["redis-waiting", "postgresql-waiting", "mariadb-waiting", "sqlite-waiting"],
        ("log", "linear"),
    ),
    Lines(
        "latency",
        "From dispatch to start, on a worker that has nothing else to do",
        "How many percent of the jobs start within how many ms. Lower is better.",
        ["redis-latency", "postgresql-latency"],
        ("even", "log"),
    ),
    Bars(
        "cpu",
        "Processor time of jobs, in the worker's processes",
        "Jobs that do nothing, and jobs that wait 10 ms, 100 at a time. Shorter is better.",
        [
            ("redis-cost-drain-worker", None),
            ("redis-io-async-worker", 100),
            ("redis-io-threads-worker", 100),
            ("postgresql-io-async-worker", 100),
            ("postgresql-io-threads-worker", 100),
        ],
    ),
)

_COMMON = (
    ("drain-1", "drain, 1 process, jobs/s"),
    ("drain-2", "drain, 2 processes, jobs/s"),
    ("enqueue-one", "enqueue one by one, jobs/s"),
    ("enqueue-bulk", "enqueue in bulk, jobs/s"),
    ("latency-p50", "dispatch to start, p50, ms"),
    ("latency-p99", "dispatch to start, p99, ms"),
    ("start", "start to first job, s"),
)
_CONCURRENCY = (1, 10, 100, 1000)


def _common(store: str) -> list[Column]:
    return [Column(f"{store}-{key}", title) for key, title in _COMMON]


def _io(store: str, kind: str) -> list[Column]:
    key = f"{store}-io-{kind}"
    rates = [Column(key, f"{kind}, {each:,} at a time, jobs/s", each) for each in _CONCURRENCY]
    more = {"worker": "worker, µs/job", "server": "server, µs/job"}
    return rates + [Column(f"{key}-{each}", f"{title} at 100", 100) for each, title in more.items()]


_COSTS = (
    ("drain-worker", "worker, s for 100,000 jobs"),
    ("drain-server", "server, s for 100,000 jobs"),
    ("drain-memory", "memory of the worker, MB"),
    ("bytes", "store, bytes a job"),
    ("drain-trips", "round trips for 1,000 jobs"),
    ("drain-commands", "commands a job"),
    ("dispatch-own", "dispatch, s for 100,000 jobs"),
)

_SHARING = (
    Column("redis-sharing-cpu", "handlers' part of the core, 1 at a time, %", 1),
    Column("redis-sharing-two", "two busy workers: part of the lesser, %"),
    Column("redis-sharing-burst", "a burst on two idle ones: part of the lesser, %"),
    Column("redis-sharing-hostage", "100 jobs behind one of 2 s, ms"),
)
_GATHER = (
    Column("redis-gather", "2,000 at once, jobs/s"),
    Column("redis-gather-gap", "largest gap, ms"),
    Column("redis-gather-first", "largest gap at the first dispatch, ms"),
)

TABLES: Mapping[str, Sequence[Column]] = {
    **{store: _common(store) for store in ("redis", "postgresql", "mariadb")},
    "redis-cost": [Column(f"redis-cost-{key}", title) for key, title in _COSTS],
    "redis-sharing": _SHARING,
    "redis-gather": _GATHER,
    "sqlite": [
        Column(f"sqlite-{key}", title)
        for key, title in (*_COMMON, ("ready", "start to ready, s"), ("idle", "idle, % of a core"))
    ],
    **{
        f"{store}-io-{kind}": _io(store, kind)
        for store in ("redis", "postgresql")
        for kind in ("async", "threads")
    },
}
"""By name, as the markers in docs/benchmarks.md have it."""


def available(
    picture: Bars | Lines, stored: Mapping[str, Stored]
) -> list[tuple[Stored, float | None]]:
    """The parts of a picture that have been measured, with the value that is shown of each."""
    wanted = picture.parts if isinstance(picture, Bars) else [(key, None) for key in picture.parts]
    return [
        (stored[key], x)
        for key, x in wanted
        if key in stored
        and (isinstance(picture, Lines) or any(point.x == x for point in stored[key].part.points))
    ]


def digest(shown: Sequence[tuple[Stored, float | None]]) -> str:
    """Tells of a picture which figures it was drawn from."""
    figures = [(asdict(each.part), asdict(each.run), x) for each, x in shown]
    text = json.dumps(figures, sort_keys=True, ensure_ascii=True)
    return f"Figures {hashlib.sha256(text.encode()).hexdigest()}"


def results(folder: Path = RESULTS) -> dict[str, Stored]:
    """All parts that are stored for the pages, by key."""
    found: dict[str, Stored] = {}
    for file in sorted(folder.glob("*.json")):
        if not file.stem.endswith(LEFT_OUT):
            found |= read(file)
    return found

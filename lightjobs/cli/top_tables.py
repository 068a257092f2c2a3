"""The tables of `lightjobs top`: their columns, and how the queues are sorted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..notes.observed import Worker
from ..watching.queues import Row
from .output import length
from .top_look import Seen

UNKNOWN = "…"
"""What stands for what the store has not told yet."""


class Column(NamedTuple):
    """A column of a table."""

    title: str
    value: Callable[[Any], Any]
    """What it is sorted by; None for unknown."""
    shown: Callable[[Any], str | int] = lambda value: value
    """The text for a known value, or a number, which is put to the right."""
    rank: int = 0
    """Where the screen is too narrow, the columns with the highest rank are left out first."""

    def cell(self, row: Any) -> str | int:
        """What the column says of `row`."""
        value = self.value(row)
        return UNKNOWN if value is None else self.shown(value)


class Table(NamedTuple):
    """A table to be shown."""

    columns: tuple[Column, ...]
    rows: Sequence[Any] | None
    """None: the store has not told yet."""
    empty: str
    """What is said where there are no rows."""


def _name(row: Row) -> str:
    name: str = row["name"]
    return f"{name} (paused)" if row["state"] == "paused" else name


def _of(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name]


QUEUES = (
    Column("QUEUE", _name),
    Column("WAITING", _of("waiting"), rank=1),
    Column("RUNNING", _of("running"), rank=4),
    Column("FAILED", _of("failed"), rank=3),
    Column("LATENCY", _of("latency"), length, rank=2),
    Column("RUNS/MIN", _of("per_minute"), lambda rate: f"{rate:,.1f}", rank=5),
    Column("WORKERS", _of("workers"), rank=6),
)
"""The columns of the queues; the key 1 sorts by the first."""

BY_LATENCY = 4
"""The column by which the queues are sorted at first: the one that most needs somebody is on
top."""


def _noted(tell: Callable[[Any], Any]) -> Callable[[Worker], Any]:
    return lambda worker: "-" if worker.note is None else tell(worker.note)


def _state(worker: Worker) -> str:
    if worker.is_silent:
        return "silent"
    return "-" if worker.note is None else worker.note.state


def _worker(worker: Worker) -> str:
    """Its host and process id; its name where it has noted neither."""
    return worker.name if worker.note is None else f"{worker.note.host}:{worker.note.pid}"


def _workers(now: float) -> tuple[Column, ...]:
    return (
        Column("WORKER", _worker),
        Column("STATE", _state, rank=2),
        Column("BUSY", _noted(lambda note: f"{note.busy}/{note.concurrency}"), rank=1),
        Column("UP", _noted(lambda note: length(now - note.since)), rank=5),
        Column("MEMORY", _noted(lambda note: f"{note.memory / 1e6:,.0f} MB"), rank=3),
        Column("QUEUES", _noted(lambda note: ",".join(note.queues)), rank=4),
    )


_RUNS = (
    Column("FOR", lambda run: run.seconds, length, rank=1),
    Column("HANDLER", lambda run: run.running.handler),
    Column("JOB", lambda run: run.running.id, rank=2),
    Column("QUEUE", lambda run: run.running.queue, rank=3),
    Column("ATTEMPT", lambda run: run.running.attempt, rank=5),
    Column("WORKER", lambda run: _worker(run.worker), rank=4),
)


def tables(seen: Seen, sort: int = BY_LATENCY) -> tuple[Table, Table, Table]:
    """The queues, sorted by the column `sort` of QUEUES; the workers, those that run something
    first; and the longest runs."""
    rows, workers = seen.queues, seen.workers
    return (
        Table(QUEUES, None if rows is None else sorted_rows(rows, sort), "no queues"),
        Table(_workers(seen.at), None if workers is None else _sorted(workers), "no workers"),
        Table(_RUNS, seen.runs, "no run lasts longer than half a second"),
    )


def sorted_rows(rows: Sequence[Row], sort: int) -> list[Row]:
    """The queues by name, or by another column with the highest numbers first, unknown ones
    last."""
    value = QUEUES[sort].value
    if sort == 0:
        return sorted(rows, key=_name)
    return sorted(rows, key=lambda row: (-(-1 if value(row) is None else value(row)), _name(row)))


def _sorted(workers: Sequence[Worker]) -> list[Worker]:
    return sorted(workers, key=lambda each: (-(each.note.busy if each.note else 0), each.name))


def summary(seen: Seen) -> str:
    """All queues and workers together, in one line."""
    jobs = ", ".join(
        f"{UNKNOWN if seen.totals[status] is None else f'{seen.totals[status]:,}'} {status}"
        for status in ("waiting", "delayed", "running", "failed")
    )
    busy, all = seen.places["busy"], seen.places["all"]
    places = UNKNOWN if busy is None else f"{busy:,} of {all:,}"
    return f"{jobs}; {places} places busy"

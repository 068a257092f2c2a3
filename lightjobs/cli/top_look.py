"""What `lightjobs top` finds in the store at one look."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple, TypeVar

from ..engines import answer_limit
from ..engines.control import Engine
from ..notes.observed import Running, Worker
from ..watching import queues
from ..watching.figures import Figures
from ..watching.queues import Row

T = TypeVar("T")

PATIENCE = 0.7
"""How many seconds a look of a screen takes at most; what the store has not told by then is shown
as unknown."""
ANSWER_SECONDS = 5.0
"""How long the store is given for each answer."""


class Run(NamedTuple):
    """A run, and who runs it."""

    worker: Worker
    running: Running
    seconds: float
    """How long it has lasted."""


class Seen(NamedTuple):
    """What a look has found. None means that the store has not told it yet."""

    at: float
    """Unix seconds."""
    queues: list[Row] | None
    workers: list[Worker] | None
    runs: list[Run] | None
    """The runs that workers note, the longest first."""

    @property
    def totals(self) -> dict[str, int | None]:
        """The number of jobs with each status in all queues."""
        return queues.totals(self.queues)

    @property
    def places(self) -> dict[str, int | None]:
        """How many jobs the living workers can run at a time, and how many they do run."""
        return queues.places(self.workers)


class _Glance:
    """A `Look` that asks the store itself, or through `figures` if there are any."""

    def __init__(self, engine: Engine, figures: Figures | None) -> None:
        self.engine = engine
        self.now = time.time()
        self._figures = figures
        self._until = time.monotonic() + PATIENCE
        self._known: dict[Hashable, Any] = {}

    def figure(self, key: Hashable, query: Callable[[], T]) -> T | None:
        if key not in self._known:
            self._known[key] = self._ask(key, query)
        known: T | None = self._known[key]
        return known

    def _ask(self, key: Hashable, query: Callable[[], T]) -> T | None:
        def bounded() -> T:
            with answer_limit.at_most(ANSWER_SECONDS):
                return query()

        if self._figures is None:
            return query()
        return self._figures.get(key, bounded, max(0.0, self._until - time.monotonic()))


def look(engine: Engine, figures: Figures | None = None) -> Seen:
    """How things stand. With `figures` no longer than PATIENCE is waited for the store, otherwise
    as long as it takes. Raises LightjobsError."""
    glance = _Glance(engine, figures)
    names = queues.queue_names(glance)
    rows = None if names is None else [queues.queue_row(glance, name) for name in names]
    workers = queues.workers(glance)
    return Seen(
        at=glance.now,
        queues=None if rows is None else [row for row in rows if row is not None],
        workers=workers,
        runs=None if workers is None else _runs(workers, glance.now),
    )


def _runs(workers: Sequence[Worker], now: float) -> list[Run]:
    runs = [
        Run(worker, running, max(0.0, now - running.since))
        for worker in workers
        if worker.note is not None
        for running in worker.note.running
    ]
    return sorted(runs, key=lambda run: -run.seconds)

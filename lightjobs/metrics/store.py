"""What the store tells: the state of queues, workers and schedule. Runs are not counted here: those
are metrics of workers, and a sum over both would count each run twice."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ..engines import answer_limit
from ..engines.control import Engine
from ..errors import LightjobsError, store_trouble
from ..model import LastSlot
from ..notes.observed import Worker
from ..watching.expected import expected
from ..watching.figures import Figures
from ..watching.shown_status import counts_shown
from .families import Family, gauge

T = TypeVar("T")

_log = logging.getLogger("lightjobs.metrics")

SCRAPE_SECONDS = 5.0
"""How long one scrape waits for the store. Prometheus gives up after 10 seconds."""


class StoreMetrics:
    """The metrics of `engine`'s store. What the store tells is kept in `figures`, so that several
    who look cost no more than one. `queues` restricts the metrics of queues; without any, all
    queues are shown that have jobs, that are paused, or that a worker serves."""

    def __init__(
        self, engine: Engine, queues: Sequence[str] = (), figures: Figures | None = None
    ) -> None:
        self._engine = engine
        self._queues = tuple(queues)
        self._figures = Figures(on_idle=engine.close) if figures is None else figures
        self._trouble = ""

    def families(self) -> list[Family]:
        """The metrics of this moment. What the store does not tell within SCRAPE_SECONDS is left
        out; then, or if it is away or not fit, such as without tables, `lightjobs_store_up` is 0.
        The reason is logged once."""
        began = time.monotonic()
        found: list[Family] = []
        try:
            up = self._collect(found, began + SCRAPE_SECONDS)
            trouble = "" if up else f"the store has not told all within {SCRAPE_SECONDS:g} seconds"
        except LightjobsError as error:
            up, trouble = False, f"{store_trouble(error)}: {error}"
        if trouble and not self._trouble:
            _log.warning("%s", trouble)
        self._trouble = trouble
        taken = time.monotonic() - began
        return [
            *found,
            gauge("lightjobs_store_up", "Whether the store answered.", int(up)),
            gauge("lightjobs_scrape_duration_seconds", "How long the store was asked.", taken),
        ]

    def _collect(self, found: list[Family], until: float) -> bool:
        """Add what the store tells by the monotonic moment `until`; return whether it told all."""
        engine = self._engine
        workers = self._ask("workers", engine.workers, until)
        latency = self._ask("latency", engine.latency, until)
        paused = self._ask("paused queues", engine.paused_queues, until)
        slots = self._ask("slots", engine.schedule.slots, until)
        stats = self._ask("stats", engine.stats, until)
        living = None if workers is None else [each for each in workers if not each.is_silent]
        served = _served(living or ())
        names = self._queues or sorted({*served, *(latency or ()), *(paused or ()), *(stats or ())})
        if stats is not None:
            found.append(_jobs(names, stats))
        if latency is not None:
            found.append(_latency(names, latency))
        if paused is not None:
            found.append(_paused(names, paused))
        if living is not None:
            found += [_serving(names, served), *_workers(living)]
        if slots is not None:
            found += _schedule(slots, time.time())
        return None not in (workers, latency, paused, slots, stats)

    def _ask(self, name: str, query: Callable[[], T], until: float) -> T | None:
        def bounded() -> T:
            with answer_limit.at_most(SCRAPE_SECONDS):
                return query()

        return self._figures.get(("metrics", name), bounded, max(0.0, until - time.monotonic()))


def _jobs(queues: Sequence[str], stats: dict[str, dict[str, int]]) -> Family:
    family = Family("lightjobs_queue_jobs", "gauge", "Stored jobs.", ("queue", "status"))
    for queue in queues:
        for status, count in counts_shown(stats.get(queue, {})).items():
            family.add(count, queue, status)
    return family


def _latency(queues: Sequence[str], latency: dict[str, float]) -> Family:
    help = "How long the oldest due job has been due; 0 if none is due."
    family = Family("lightjobs_queue_latency_seconds", "gauge", help, ("queue",))
    for queue in queues:
        family.add(round(latency.get(queue, 0.0), 3), queue)
    return family


def _paused(queues: Sequence[str], paused: Sequence[str]) -> Family:
    family = Family("lightjobs_queue_paused", "gauge", "Whether the queue is paused.", ("queue",))
    for queue in queues:
        family.add(int(queue in paused), queue)
    return family


def _served(living: Sequence[Worker]) -> Counter[str]:
    """How many living workers serve each queue."""
    return Counter(
        queue for worker in living if worker.note is not None for queue in set(worker.note.queues)
    )


def _serving(queues: Sequence[str], served: Counter[str]) -> Family:
    help = "Living workers that serve the queue."
    family = Family("lightjobs_queue_workers", "gauge", help, ("queue",))
    for queue in queues:
        family.add(served[queue], queue)
    return family


def _workers(living: Sequence[Worker]) -> Iterator[Family]:
    notes = [worker.note for worker in living if worker.note is not None]
    places = sum(note.concurrency for note in notes)
    yield gauge("lightjobs_workers", "Living workers.", len(living))
    yield gauge("lightjobs_workers_places", "How many jobs they can run at a time.", places)
    busy = sum(note.busy for note in notes)
    yield gauge("lightjobs_workers_busy", "How many of their places run a job.", busy)


def _schedule(slots: dict[str, LastSlot], now: float) -> Iterator[Family]:
    name = "lightjobs_schedule_{}".format
    help = "The moment for which the entry was last dispatched."
    last = Family(name("last_run_timestamp_seconds"), "gauge", help, ("entry",))
    help = "The moment for which the entry is to be dispatched next; in the past if overdue."
    next = Family(name("next_run_timestamp_seconds"), "gauge", help, ("entry",))
    paused = Family(name("paused"), "gauge", "Whether the entry is paused.", ("entry",))
    for entry, moment in sorted(expected(slots, now).items()):
        next.add(moment, entry)
    for entry, slot in sorted(slots.items()):
        if slot.job_due is not None:
            last.add(slot.job_due, entry)
        paused.add(int(slot.paused), entry)
    yield from (last, next, paused)

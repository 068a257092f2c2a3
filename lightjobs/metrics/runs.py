"""What a process knows of its own workers: their runs, their state, and the store as they see it.
Nothing here asks the store."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterator, Mapping

from ..notes.observed import MOST_PAIRS, OTHER
from ..version import __version__
from ..workers.vitals import OUTCOMES, REASONS, STATES, Totals, Vitals, merged_runs
from .families import Distribution, Family, gauge, handler_label

MOST_EXCEPTIONS = 100
"""How many series of exceptions there are at most. What is counted beyond has the class OTHER."""


class RunMetrics:
    """The metrics of the workers of this process and its children. A series that was shown once is
    shown from then on, so that no counter falls because others came before it."""

    def __init__(self, engine: str) -> None:
        """`engine` is the name of the store's engine."""
        self._engine = engine
        self._pairs: set[tuple[str, str]] = set()
        self._exceptions: set[tuple[str, str, str]] = set()

    def families(self, vitals: Vitals) -> list[Family]:
        """The metrics of `vitals`."""
        up = "Whether the store took the last beat."
        return [
            *_runs(self._by_label(vitals.runs)),
            self._failures(vitals.exceptions),
            *_children(vitals),
            gauge("lightjobs_store_up", up, int(vitals.store_up)),
            _build(self._engine),
        ]

    def _by_label(self, runs: Mapping[tuple[str, str], Totals]) -> dict[tuple[str, str], Totals]:
        """`runs` by queue and the label of the handler: two stored names may have one label."""
        every: list[Mapping[tuple[str, str], Totals]] = []
        for (queue, handler), totals in runs.items():
            pair = queue, handler_label(handler)
            if len(self._pairs) < MOST_PAIRS:
                self._pairs.add(pair)
            every.append({pair if pair in self._pairs else (queue, OTHER): totals})
        return merged_runs(every)

    def _failures(self, counts: Mapping[tuple[str, str, str], int]) -> Family:
        labels = ("queue", "handler", "exception")
        family = Family("lightjobs_exceptions", "counter", "Runs that ended with an error.", labels)
        shown: Counter[tuple[str, str, str]] = Counter()
        for (queue, handler, exception), count in counts.items():
            key = queue, handler_label(handler), exception
            if len(self._exceptions) < MOST_EXCEPTIONS:
                self._exceptions.add(key)
            shown[key if key in self._exceptions else (queue, OTHER, OTHER)] += count
        for key, count in sorted(shown.items()):
            family.add(count, *key)
        return family


def _runs(runs: Mapping[tuple[str, str], Totals]) -> Iterator[Family]:
    labels = ("queue", "handler")
    ended = Family("lightjobs_runs", "counter", "Runs that have ended.", (*labels, "outcome"))
    name, help = "lightjobs_run_duration_seconds", "How long runs took, whatever their outcome."
    durations = Family(name, "histogram", help, labels)
    name, help = "lightjobs_wait_duration_seconds", "From the time a run was due to its start."
    waits = Family(name, "histogram", help, labels[:1])
    by_queue = merged_runs({(queue, ""): totals} for (queue, _), totals in runs.items())
    for (queue, handler), totals in sorted(runs.items()):
        for outcome, count in zip(OUTCOMES, totals.ended, strict=True):
            ended.add(count, queue, handler, outcome)
        durations.add(Distribution(totals.durations, totals.seconds), queue, handler)
    for (queue, _), totals in sorted(by_queue.items()):
        waits.add(Distribution(totals.waits, totals.waited), queue)
    yield from (ended, durations, waits)


def _children(vitals: Vitals) -> Iterator[Family]:
    children = vitals.children
    recovered = Family("lightjobs_recovered_jobs", "counter", "Jobs put back from dead workers.")
    recovered.add(vitals.recovered)
    ended = Family("lightjobs_children_ended", "counter", "Children that have ended.", ("reason",))
    for reason in REASONS:
        ended.add(vitals.children_ended.get(reason, 0), reason)
    states = Counter(child.state for child in children)
    running = Family("lightjobs_worker_children", "gauge", "Children that run.", ("state",))
    for state in STATES:
        running.add(states[state], state)
    yield from (recovered, ended, running)
    places = "How many jobs can be run at a time."
    yield gauge("lightjobs_worker_places", places, vitals.places)
    busy = sum(child.busy for child in children)
    yield gauge("lightjobs_worker_busy", "How many of the places run a job.", busy)
    longest = max((child.longest_run for child in children), default=0.0)
    help = "For how long the oldest run of now has lasted; 0 below half a second."
    yield gauge("lightjobs_worker_longest_run_seconds", help, round(longest, 3))
    # Worker threads are several in one process.
    memory = sum({child.pid: child.memory for child in children}.values())
    help = "Resident memory of all children."
    yield gauge("lightjobs_worker_resident_memory_bytes", help, memory)


def _build(engine: str) -> Family:
    labels = ("version", "engine", "python")
    family = Family("lightjobs_build_info", "gauge", "What runs here; always 1.", labels)
    family.add(1, __version__, engine, platform.python_version())
    return family

"""What a process knows at a moment of the workers it runs or supervises: what metrics and probes
are made of.

Times are by the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ..notes.observed import NOTHING

_Key = TypeVar("_Key")

OUTCOMES = ("done", "retried", "failed", "released", "cancelled", "lost")
"""How a run may end. `retried`: with an error, and another attempt follows. `released`: as the job
asked for, or because of a rate limit. `cancelled`: the job had been cancelled. `lost`: its process
died, or its job had been given to another worker."""

REASONS = ("stopped", "memory", "timeout", "killed", "crashed", "given_up")
"""Why a child may end. `stopped`: asked to, or its work was over. `memory`: --max-memory.
`timeout`: a handler ignored its timeout. `killed`: by a signal that the supervisor did not send.
`crashed`: with any other status. `given_up`: its worker was given up by others."""

STATES = ("starting", "working", "idle", "stopping")
"""What a child may be doing."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What was counted of a handler's runs from a queue. Counts never fall while a process runs."""

    ended: tuple[int, ...] = (0,) * len(OUTCOMES)
    """How many runs ended as each of OUTCOMES."""
    seconds: float = 0.0
    """How long they took in all, as far as that is known: not of runs whose process died."""
    durations: tuple[int, ...] = NOTHING
    """How many took as long as each part of observed.BOUNDS says."""
    waited: float = 0.0
    """How many seconds they waited in all, from the time they were due to the time they started.
    Where many runs waited about as long, their mean is estimated."""
    waits: tuple[int, ...] = NOTHING
    """How many waited as long as each part of observed.BOUNDS says."""

    def plus(self, other: Totals) -> Totals:
        """The totals of both."""
        return Totals(
            _sums(self.ended, other.ended),
            self.seconds + other.seconds,
            _sums(self.durations, other.durations),
            self.waited + other.waited,
            _sums(self.waits, other.waits),
        )

    def minus(self, other: Totals) -> Totals:
        """What was counted since these totals were `other`."""
        return Totals(
            _differences(self.ended, other.ended),
            max(0.0, self.seconds - other.seconds),
            _differences(self.durations, other.durations),
            max(0.0, self.waited - other.waited),
            _differences(self.waits, other.waits),
        )


def _sums(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(first, second, strict=True))


def _differences(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(max(0, a - b) for a, b in zip(first, second, strict=True))


@dataclass(frozen=True, slots=True)
class ChildVitals:
    """A child that runs now, or a worker thread of this process."""

    worker: str
    """Its name in the store."""
    pid: int
    state: str
    """One of STATES."""
    memory: int
    """Resident memory in bytes. Worker threads have that of their process."""
    places: int
    """How many jobs it can run at the same time."""
    busy: int
    """How many of its places run a job."""
    longest_run: float
    """For how many seconds its oldest run has lasted; 0.0 when no run has lasted half a second."""
    turned_at: float
    """When its keeper last turned, which it does once a second; before that, when it was
    started."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """The vitals of all workers of this process and its children. `runs` and `exceptions` include
    those of workers that have ended."""

    runs: Mapping[tuple[str, str], Totals] = field(default_factory=dict)
    """By queue and stored handler. At most observed.MOST_PAIRS handlers are counted apart from each
    other; the others are observed.OTHER."""
    exceptions: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """The runs that ended with an error, by queue, stored handler, and class of the error; see
    tally.MOST_EXCEPTIONS."""
    recovered: int = 0
    """The jobs of dead workers that this process has put back."""
    children_ended: Mapping[str, int] = field(default_factory=dict)
    """The children that have ended, by reason: one of REASONS."""
    children: tuple[ChildVitals, ...] = ()
    """Those that run now."""
    places: int = 0
    """How many jobs could be run at the same time if no child were missing."""
    store_up: bool = False
    """Whether the store took the last beat."""
    beat_at: float = 0.0
    """When the store last took a beat; before the first one, when the process began to work."""
    turned_at: float = 0.0
    """When the loop that watches the children last turned, which it does several times a second."""
    is_ready: bool = False
    """Whether all children have started, once."""
    is_stopping: bool = False
    """Whether the process was told to stop."""

    @property
    def busy(self) -> int:
        """How many places run a job."""
        return sum(child.busy for child in self.children)

    @property
    def longest_run(self) -> float:
        """For how many seconds the oldest run has lasted; 0.0 when none is half a second old."""
        return max((child.longest_run for child in self.children), default=0.0)

    @property
    def memory(self) -> int:
        """The resident memory of all children in bytes."""
        return sum({child.pid: child.memory for child in self.children}.values())


Source = Callable[[], Vitals]

_lock = threading.Lock()
_sources: list[Source] = []
_past = Vitals()
"""What was counted by sources that were withdrawn."""


def offer(source: Source) -> None:
    """Have `source`, which may be called by any thread, be part of every `snapshot`."""
    with _lock:
        _sources.append(source)


def withdraw(source: Source) -> None:
    """Undo `offer`. What `source` has counted remains part of every snapshot."""
    global _past
    last = source()
    with _lock:
        if source in _sources:
            _sources.remove(source)
            _past = Vitals(
                *(
                    merged_runs([_past.runs, last.runs]),
                    sum_of([_past.exceptions, last.exceptions]),
                ),
                recovered=_past.recovered + last.recovered,
                children_ended=sum_of([_past.children_ended, last.children_ended]),
            )


def forget_inherited() -> None:
    """Forget all sources. To be called in a forked child: they belong to its parent."""
    global _past
    _sources.clear()
    _past = Vitals()


def snapshot() -> Vitals:
    """The vitals of all workers of this process and its children now. To be called by any thread;
    it asks no store."""
    with _lock:
        past, sources = _past, list(_sources)
    present = [source() for source in sources]
    every = [past, *present]
    return Vitals(
        runs=merged_runs(each.runs for each in every),
        exceptions=sum_of(each.exceptions for each in every),
        recovered=sum(each.recovered for each in every),
        children_ended=sum_of(each.children_ended for each in every),
        children=tuple(child for each in present for child in each.children),
        places=sum(each.places for each in present),
        store_up=bool(present) and all(each.store_up for each in present),
        beat_at=min((each.beat_at for each in present), default=0.0),
        turned_at=min((each.turned_at for each in present), default=time.monotonic()),
        is_ready=all(each.is_ready for each in present),
        is_stopping=any(each.is_stopping for each in present),
    )


def merged_runs(
    every: Iterable[Mapping[tuple[str, str], Totals]],
) -> dict[tuple[str, str], Totals]:
    """The totals of all, added up."""
    merged: dict[tuple[str, str], Totals] = {}
    for runs in every:
        for pair, totals in runs.items():
            merged[pair] = totals.plus(merged[pair]) if pair in merged else totals
    return merged


def sum_of(every: Iterable[Mapping[_Key, int]]) -> dict[_Key, int]:
    """The counts of all, added up."""
    total: Counter[_Key] = Counter()
    for counts in every:
        total.update(counts)
    return dict(total)

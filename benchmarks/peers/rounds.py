"""Rounds in which everybody has a turn on an emptied store."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..figures import Found, Part, attempt
from ..options import Options
from ..results import Results
from .catalogue import Peer
from .measure import Bench

STAMPS = 200
PERCENTILES = (1, 10, 25, 50, 75, 90, 95, 99)
WAITING = (10_000, 100_000, 1_000_000)
NOTHING: Mapping[str, float | None] = {}


class Rounds(ABC):
    """What is measured on every store alike. A peer that fails is left out of the rest of a part;
    the part goes on with the others, and its results have the error."""

    store: str
    """The name of the store as titles have it; the keys of the parts begin with it, too."""

    def __init__(
        self, bench: Bench, everybody: Sequence[Peer], options: Options, results: Results
    ) -> None:
        self._bench = bench
        self._everyone = everybody
        self._results = results
        self._rounds = options.rounds
        self._scale = 0.1 if options.quick else 1.0

    def run(self, parts: Sequence[str]) -> None:
        """Measure these parts, one method each; one that fails does not end the run."""
        for part in parts:
            attempt(part, getattr(self, part), {})

    @abstractmethod
    def _emptied(self) -> None:
        """Make the store as if nobody had used it."""

    def _jobs(self, jobs: int) -> int:
        return max(20, int(jobs * self._scale)) if jobs else 0

    def _everybody(
        self, measure: Callable[[Peer], float], who: Sequence[Peer] | None = None
    ) -> Found:
        found = Found()
        for _ in range(self._rounds):
            for peer in self._everyone if who is None else who:
                self._emptied()
                found.take(peer.name, lambda: measure(peer))  # noqa: B023
        return found

    def _drained(self, peer: Peer, processes: int = 1) -> float:
        jobs = self._jobs(peer.jobs) * processes
        self._bench.produce(peer, "many", jobs)
        return self._bench.drain(peer, processes, jobs)

    def waiting(self) -> None:
        """What lightjobs drains by how many jobs wait in the queue, all dispatched at once."""
        ours = self._everyone[0]
        points = [Found(x=self._jobs(jobs)) for jobs in WAITING]
        for _ in range(self._rounds):
            for found in points:
                self._emptied()
                found.take(ours.name, lambda: self._drained_of(ours, int(found.x or 0)))  # noqa: B023
        self._add("waiting", "drain", points, x="jobs waiting")

    def _drained_of(self, peer: Peer, waiting: int) -> float:
        """As many of them as a drain has elsewhere."""
        self._bench.produce(peer, "many", waiting)
        self._filled()
        return self._bench.drain(peer, 1, min(waiting, self._jobs(peer.jobs)))

    def _filled(self) -> None:  # noqa: B027
        """Do what a store does in time with many jobs."""

    def _enqueued(
        self,
        jobs: int,
        wanted: float | None,
        wanted_in_bulk: float | None,
        apart: Mapping[str, float | None] = NOTHING,
    ) -> None:
        """Jobs stored one by one, then at once."""
        found = self._everybody(lambda peer: self._bench.produce(peer, "one", self._jobs(jobs)))
        self._add("enqueue-one", "enqueue one by one", [found], wanted=wanted, apart=apart)
        bulk = [peer for peer in self._everyone if peer.bulk]
        found = self._everybody(
            lambda peer: self._bench.produce(peer, "many", self._jobs(peer.bulk)), bulk
        )
        self._add("enqueue-bulk", "enqueue in bulk", [found], wanted=wanted_in_bulk, apart=apart)

    def _add(
        self, key: str, title: str, points: Sequence[Found], unit: str = "jobs/s", **more: Any
    ) -> None:
        """Print and store a part of this store."""
        key, title = f"{self.store.lower()}-{key}", f"{self.store}: {title}"
        self._results.add(Part(key, title, unit, points, **more))

    def _late(
        self,
        wanted: float | None,
        apart: Mapping[str, float | None] = NOTHING,
        target: float | None = None,
    ) -> None:
        """From dispatch to start on an idle worker, where one process dispatches at random gaps:
        the distribution, then its p50, for which `target` ms are wanted, and its p99."""
        rounds: dict[str, list[list[float]]] = {peer.name: [] for peer in self._everyone}
        errors: dict[str, str] = {}
        for _ in range(self._rounds):
            for peer in self._everyone:
                self._emptied()
                late = attempt(
                    peer.name,
                    lambda: self._bench.latencies(peer, self._jobs(STAMPS)),  # noqa: B023
                    errors,
                )
                if late is not None:
                    rounds[peer.name].append(sorted(seconds * 1000 for seconds in late))
        at = {percent: _at(percent, rounds, errors) for percent in PERCENTILES}
        title = "dispatch to start when idle"
        common: dict[str, Any] = {"unit": "ms", "less": True, "apart": apart}
        self._add("latency", title, list(at.values()), x="percentile", **common)
        for percent, goal in ((50, target), (99, None)):
            points = [replace(at[percent], x=None)]
            more = {**common, "wanted": wanted, "target": goal}
            self._add(f"latency-p{percent}", f"{title}, p{percent}", points, **more)


def _at(percent: int, rounds: dict[str, list[list[float]]], errors: dict[str, str]) -> Found:
    figures = {
        name: [late[len(late) * percent // 100] for late in found] for name, found in rounds.items()
    }
    return Found(figures, dict(errors), percent)

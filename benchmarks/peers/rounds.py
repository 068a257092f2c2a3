"""Rounds in which everybody has a turn on an emptied store."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from .catalogue import Peer
from .measure import Bench
from .report import Figures, show

STAMPS = 200


def arguments(doc: str | None, parts: Sequence[str]) -> tuple[int, bool, list[str]]:
    """What the command line asks for: rounds, whether it is to be quick, and which parts."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round with a tenth of the jobs")
    parser.add_argument("--only", default=",".join(parts), help=f"of {', '.join(parts)}")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(parts):
        parser.error(f"--only has {', '.join(unknown)}; allowed: {', '.join(parts)}")
    return 1 if options.quick else options.rounds, options.quick, chosen


class Rounds(ABC):
    """What is measured on every store alike; each part prints what it found."""

    def __init__(self, bench: Bench, everybody: Sequence[Peer], rounds: int, quick: bool) -> None:
        self._bench = bench
        self._everyone = everybody
        self._rounds = rounds
        self._scale = 0.1 if quick else 1.0

    @abstractmethod
    def _emptied(self) -> None:
        """Make the store as if nobody had used it."""

    def _jobs(self, jobs: int) -> int:
        return max(20, int(jobs * self._scale)) if jobs else 0

    def _everybody(
        self, measure: Callable[[Peer], float], who: Sequence[Peer] | None = None
    ) -> Figures:
        who = self._everyone if who is None else who
        figures: Figures = {peer.name: [] for peer in who}
        for _ in range(self._rounds):
            for peer in who:
                self._emptied()
                figures[peer.name].append(measure(peer))
        return figures

    def _drained(self, peer: Peer, processes: int = 1) -> float:
        jobs = self._jobs(peer.jobs) * processes
        self._bench.produce(peer, "many", jobs)
        return self._bench.drain(peer, processes, jobs)

    def _enqueued(
        self,
        jobs: int,
        wanted: float | None,
        wanted_in_bulk: float | None,
        apart: Mapping[str, float | None] | None = None,
    ) -> None:
        """Jobs stored one by one, then at once."""
        figures = self._everybody(lambda peer: self._bench.produce(peer, "one", self._jobs(jobs)))
        show("enqueue one by one, jobs/s", figures, wanted, apart=apart)
        bulk = [peer for peer in self._everyone if peer.bulk]
        figures = self._everybody(
            lambda peer: self._bench.produce(peer, "many", self._jobs(peer.bulk)), bulk
        )
        show("enqueue in bulk, jobs/s", figures, wanted_in_bulk, apart=apart)

    def _late(self, who: Sequence[Peer] | None = None) -> dict[int, Figures]:
        """From dispatch to start on an idle worker in ms, by percentile; one process dispatches
        at random gaps."""
        who = self._everyone if who is None else who
        found: dict[str, list[list[float]]] = {peer.name: [] for peer in who}
        for _ in range(self._rounds):
            for peer in who:
                self._emptied()
                late = self._bench.latencies(peer, self._jobs(STAMPS))
                found[peer.name].append(sorted(seconds * 1000 for seconds in late))
        return {
            percent: {
                name: [late[len(late) * percent // 100] for late in rounds]
                for name, rounds in found.items()
            }
            for percent in (50, 99)
        }

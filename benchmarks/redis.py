"""lightjobs on Redis against its peers, in one run on one redis-server without persistence.

    python -m benchmarks.redis [--quick] [--rounds N] [--only drain,enqueue,latency,start,…]

In each round everybody has a turn; a figure is the median of the rounds. A ratio compares
lightjobs with the best peer within the same round, and is the median of those.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.servers import Server, redis_server

from .peers import unfenced
from .peers.catalogue import LIGHTJOBS, PEERS, ROOT, Peer, install, versions
from .peers.measure import Bench

PARTS = ("drain", "enqueue", "latency", "start", "backlog", "fence", "ceiling")
STAMPS = 200
BACKLOG = 1_000_000
EVERYBODY = (LIGHTJOBS, *PEERS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one round with a tenth of the jobs")
    parser.add_argument("--only", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    options = parser.parse_args()
    parts = options.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"--only has {', '.join(unknown)}; allowed: {', '.join(PARTS)}")
    install()
    print(f"{versions()}; {os.cpu_count()} cores", flush=True)
    with redis_server() as server, tempfile.TemporaryDirectory() as folder:
        run = Run(server, folder, 1 if options.quick else options.rounds, options.quick)
        for part in parts:
            getattr(run, part)()


class Run:
    """The parts, one method each: measure, then print."""

    def __init__(self, server: Server, folder: str, rounds: int, quick: bool) -> None:
        self._server = server
        self._bench = Bench(folder, server.url, server.environment)
        self._rounds = rounds
        self._scale = 0.1 if quick else 1.0

    def _jobs(self, jobs: int) -> int:
        return max(20, int(jobs * self._scale)) if jobs else 0

    def _emptied(self) -> None:
        with self._server.client() as client:
            client.flushall()

    def _everybody(self, measure: Callable[[Peer], float], who: Sequence[Peer]) -> Figures:
        figures: Figures = {peer.name: [] for peer in who}
        for _ in range(self._rounds):
            for peer in who:
                self._emptied()
                figures[peer.name].append(measure(peer))
        return figures

    def _drained(self, peer: Peer, processes: int) -> float:
        jobs = self._jobs(peer.jobs) * processes
        self._bench.produce(peer, "many", jobs)
        return self._bench.drain(peer, processes, jobs)

    def drain(self) -> None:
        """No-op jobs, all waiting when the worker starts."""
        for processes, wanted in ((1, 10), (2, 4)):
            figures = self._everybody(lambda peer: self._drained(peer, processes), EVERYBODY)  # noqa: B023
            _show(f"drain, {processes} worker process(es), jobs/s", figures, wanted)

    def enqueue(self) -> None:
        """Jobs stored one by one, then at once."""
        jobs = self._jobs(5000)
        figures = self._everybody(lambda peer: self._bench.produce(peer, "one", jobs), EVERYBODY)
        _show("enqueue one by one, jobs/s", figures, 1)
        bulk = [peer for peer in EVERYBODY if peer.bulk]
        figures = self._everybody(
            lambda peer: self._bench.produce(peer, "many", self._jobs(peer.bulk)), bulk
        )
        _show("enqueue in bulk, jobs/s", figures, 3)

    def latency(self) -> None:
        """Dispatch to start on an idle worker, one process dispatching at random gaps."""
        found: dict[str, list[list[float]]] = {peer.name: [] for peer in EVERYBODY}
        for _ in range(self._rounds):
            for peer in EVERYBODY:
                self._emptied()
                late = self._bench.latencies(peer, self._jobs(STAMPS))
                found[peer.name].append(sorted(seconds * 1000 for seconds in late))
        for percent in (50, 99):
            figures = {
                name: [late[len(late) * percent // 100] for late in rounds]
                for name, rounds in found.items()
            }
            _show(f"dispatch to start when idle, p{percent}, ms", figures, 1, less=True)

    def start(self) -> None:
        """From the worker's start to its first job done."""
        figures = self._everybody(self._bench.start, EVERYBODY)
        _show("start to first job, s", figures, 1, less=True)

    def ceiling(self) -> None:
        """A bare loop over a minimal script."""
        for batch, jobs in ((500, 50_000), (100, 50_000), (1, 5000)):
            rates = []
            for _ in range(self._rounds):
                self._emptied()
                command = ["-m", "benchmarks.peers.ceiling", str(self._jobs(jobs)), str(batch)]
                done = subprocess.run(
                    [sys.executable, *command], cwd=ROOT, check=True, capture_output=True
                )
                rates.append(float(done.stdout))
            rate = statistics.median(rates)
            print(f"a bare loop, batches of {batch:3}, jobs/s {rate:9,.0f}", flush=True)

    def fence(self) -> None:
        """Against the same engine without fences and leases."""
        with tempfile.TemporaryDirectory() as folder:
            copy = unfenced.copy(Path(folder))
            figures: Figures = {"with fence and lease": [], "without": []}
            jobs = self._jobs(LIGHTJOBS.jobs)
            for number in range(self._rounds * 2):
                # Alternately the one and the other first.
                for name, cwd in sorted(
                    zip(figures, (ROOT, copy), strict=True), reverse=bool(number % 2)
                ):
                    self._emptied()
                    self._bench.produce(LIGHTJOBS, "many", jobs)
                    figures[name].append(self._bench.drain(LIGHTJOBS, 1, jobs, cwd))
        _show("fence and lease: drain, jobs/s", figures, 0.9)

    def backlog(self) -> None:
        """With 1,000,000 jobs waiting and as many delayed, against an empty Redis: first they are
        in another queue, then in the one that is worked."""
        jobs = self._jobs(LIGHTJOBS.jobs)
        for where in ("another queue", "the same queue"):
            with redis_server() as full, tempfile.TemporaryDirectory() as folder:
                ours, other = self._bench, Bench(folder, full.url, full.environment)
                queue = "bench" if where == "the same queue" else "other"
                other.fill(queue, self._jobs(BACKLOG))
                figures: Figures = {"with backlog": [], "without": []}
                for _ in range(self._rounds):
                    self._emptied()
                    for name, bench in (("without", ours), ("with backlog", other)):
                        bench.use()
                        bench.produce(LIGHTJOBS, "many", jobs)
                        figures[name].append(bench.drain(LIGHTJOBS, 1, jobs))
                self._bench.use()
            _show(f"2 x {self._jobs(BACKLOG):,} in {where}, jobs/s", figures, 0.9)


Figures = dict[str, list[float]]
"""For each name one figure of every round; the first name is the one that is compared."""


def _show(title: str, figures: Figures, wanted: float, less: bool = False) -> None:
    """Print the medians and how the first compares with the best other; `less` is better."""
    own, *others = figures
    best = min if less else max
    rounds = zip(figures[own], *(figures[name] for name in others), strict=True)
    ratio = statistics.median(mine / best(rest) for mine, *rest in rounds)
    print(title)
    medians = {name: statistics.median(found) for name, found in figures.items()}
    for name, median in sorted(medians.items(), key=lambda item: item[1], reverse=not less):
        digits = 0 if median > 100 else 2 if median > 1 else 3
        print(f"    {name:22}{median:12,.{digits}f}")
    sign, met = ("<=", ratio <= wanted) if less else (">=", ratio >= wanted)
    verdict = "" if met else "  MISSED"
    print(
        f"    {own} is {ratio:.2f} of the best other (wanted {sign} {wanted}){verdict}", flush=True
    )


if __name__ == "__main__":
    main()

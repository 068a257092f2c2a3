"""lightjobs on Redis against its peers, in one run on one redis-server without persistence.

    python -m benchmarks.redis [--quick] [--rounds N] [--only drain,enqueue,latency,start,…]

In each round everybody has a turn; a figure is the median of the rounds. A ratio compares
lightjobs with the best peer within the same round, and is the median of those.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.servers.redis import RedisServer, redis_server

from .peers import unfenced
from .peers.catalogue import LIGHTJOBS, PEERS, ROOT, install, versions
from .peers.measure import Bench
from .peers.report import Figures, show
from .peers.rounds import Rounds, arguments

PARTS = ("drain", "enqueue", "latency", "start", "backlog", "fence", "ceiling")
BACKLOG = 1_000_000
EVERYBODY = (LIGHTJOBS, *PEERS)


def main() -> None:
    rounds, quick, parts = arguments(__doc__, PARTS)
    install()
    print(f"{versions()}; {os.cpu_count()} cores", flush=True)
    with redis_server() as server, tempfile.TemporaryDirectory() as folder:
        run = Run(server, folder, rounds, quick)
        for part in parts:
            getattr(run, part)()


def _bench(folder: str, server: RedisServer) -> Bench:
    return Bench(folder, {**server.environment, "BENCH_REDIS": server.url})


class Run(Rounds):
    """The parts, one method each: measure, then print."""

    def __init__(self, server: RedisServer, folder: str, rounds: int, quick: bool) -> None:
        super().__init__(_bench(folder, server), EVERYBODY, rounds, quick)
        self._server = server

    def _emptied(self) -> None:
        with self._server.client() as client:
            client.flushall()

    def drain(self) -> None:
        """No-op jobs, all waiting when the worker starts."""
        for processes, wanted in ((1, 10), (2, 4)):
            figures = self._everybody(lambda peer: self._drained(peer, processes))  # noqa: B023
            show(f"drain, {processes} worker process(es), jobs/s", figures, wanted)

    def enqueue(self) -> None:
        """Jobs stored one by one, then at once."""
        self._enqueued(5000, 1, 3)

    def latency(self) -> None:
        """Dispatch to start on an idle worker."""
        for percent, figures in self._late().items():
            show(f"dispatch to start when idle, p{percent}, ms", figures, 1, less=True)

    def start(self) -> None:
        """From the worker's start to its first job done."""
        figures = self._everybody(self._bench.start)
        show("start to first job, s", figures, 1, less=True)

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
        show("fence and lease: drain, jobs/s", figures, 0.9)

    def backlog(self) -> None:
        """With 1,000,000 jobs waiting and as many delayed, against an empty Redis: first they are
        in another queue, then in the one that is worked."""
        jobs = self._jobs(LIGHTJOBS.jobs)
        for where in ("another queue", "the same queue"):
            with redis_server() as full, tempfile.TemporaryDirectory() as folder:
                ours, other = self._bench, _bench(folder, full)
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
            show(f"2 x {self._jobs(BACKLOG):,} in {where}, jobs/s", figures, 0.9)


if __name__ == "__main__":
    main()

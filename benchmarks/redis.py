"""lightjobs on Redis against its peers, in one run on one redis-server without persistence.

    python -m benchmarks.redis [--quick] [--rounds N] [--only drain,start,…] [--json FILE]

In each round everybody has a turn; a figure is the median of the rounds. A ratio compares
lightjobs with the best peer within the same round, and is the median of those.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.servers.redis import RedisServer, redis_server

from .figures import Found
from .options import Options, arguments
from .peers import unfenced
from .peers.catalogue import EVERYBODY, LIGHTJOBS, ROOT
from .peers.install import install, versions
from .peers.measure import Bench
from .peers.rounds import Rounds
from .results import Results

PARTS = ("drain", "enqueue", "latency", "start", "waiting", "backlog", "fence", "ceiling")
BACKLOG = 1_000_000
OF_BULLMQ = 4
"""It is the fastest of all peers, and compared alone."""


def main() -> None:
    options = arguments("redis", __doc__, PARTS)
    install()
    with redis_server() as server, tempfile.TemporaryDirectory() as folder:
        with server.client() as client:
            own = {"redis": client.info("server")["redis_version"]}
        results = Results(options, {**own, **versions()})
        Run(server, folder, options, results).run(options.parts)


def _bench(folder: str, server: RedisServer) -> Bench:
    return Bench(folder, {**server.environment, "BENCH_REDIS": server.url})


class Run(Rounds):
    """The parts, one method each: measure, then hand over to the results."""

    store = "Redis"

    def __init__(
        self, server: RedisServer, folder: str, options: Options, results: Results
    ) -> None:
        super().__init__(_bench(folder, server), EVERYBODY, options, results)
        self._server = server

    def _emptied(self) -> None:
        with self._server.client() as client:
            client.flushall()

    def drain(self) -> None:
        """No-op jobs, all waiting when the worker starts."""
        for processes, wanted in ((1, 10), (2, 4)):
            found = self._everybody(lambda peer: self._drained(peer, processes))  # noqa: B023
            title = f"drain, worker processes: {processes}"
            more = {"bullmq": OF_BULLMQ if processes == 1 else None}
            self._add(f"drain-{processes}", title, [found], wanted=wanted, apart=more)

    def enqueue(self) -> None:
        """Jobs stored one by one, then at once."""
        self._enqueued(5000, 1, 3)

    def latency(self) -> None:
        """Dispatch to start on an idle worker."""
        self._late(1)

    def start(self) -> None:
        """From the worker's start to its first job done."""
        found = self._everybody(self._bench.start)
        self._add("start", "start to first job", [found], unit="s", wanted=1, less=True)

    def ceiling(self) -> None:
        """A bare loop over a minimal script."""
        points = [Found(x=1), Found(x=100), Found(x=500)]
        for found, jobs in zip(points, (5000, 50_000, 50_000), strict=True):
            for _ in range(self._rounds):
                self._emptied()
                found.take("bare loop", lambda: self._ceiling(jobs, int(found.x or 0)))  # noqa: B023
        self._add("ceiling", "a bare loop that claims in batches", points, x="batch")

    def _ceiling(self, jobs: int, batch: int) -> float:
        command = ["-m", "benchmarks.peers.ceiling", str(self._jobs(jobs)), str(batch)]
        done = subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
        return float(done.stdout)

    def fence(self) -> None:
        """Against the same engine without fences and leases."""
        with tempfile.TemporaryDirectory() as folder:
            copies = {"with fence and lease": ROOT, "without": unfenced.copy(Path(folder))}
            found = Found()
            for number in range(self._rounds * 2):
                # Alternately the one and the other first.
                for name, cwd in sorted(copies.items(), reverse=bool(number % 2)):
                    self._emptied()
                    found.take(name, lambda: self._ours(self._bench, cwd))  # noqa: B023
        self._add("fence", "fence and lease: drain", [found], wanted=0.9)

    def _ours(self, bench: Bench, cwd: Path = ROOT) -> float:
        """lightjobs alone."""
        jobs = self._jobs(LIGHTJOBS.jobs)
        bench.use()
        bench.produce(LIGHTJOBS, "many", jobs)
        return bench.drain(LIGHTJOBS, 1, jobs, cwd)

    def backlog(self) -> None:
        """With 1,000,000 jobs waiting and as many delayed, against an empty Redis: first they are
        in another queue, then in the one that is worked."""
        for key, where, queue in (
            ("other", "another queue", "other"),
            ("same", "the same queue", "bench"),
        ):
            with redis_server() as full, tempfile.TemporaryDirectory() as folder:
                ours, other = self._bench, _bench(folder, full)
                other.fill(queue, self._jobs(BACKLOG))
                found = Found({"with backlog": [], "without": []})
                for _ in range(self._rounds):
                    self._emptied()
                    found.take("without", lambda: self._ours(ours))  # noqa: B023
                    found.take("with backlog", lambda: self._ours(other))  # noqa: B023
                self._bench.use()
            title = f"2 x {self._jobs(BACKLOG):,} others in {where}: drain"
            self._add(f"backlog-{key}", title, [found], wanted=0.9)


if __name__ == "__main__":
    main()

"""What a job costs on Redis where it does nothing: processor time, memory, bytes and round trips.

    python -m benchmarks.cost [--quick] [--rounds N] [--only bytes,drain,dispatch] [--json FILE]

    bytes     how much Redis' used_memory grows for each job that waits
    drain     one worker process drains jobs: processor seconds for 100,000 of them, of the worker's
              processes and of the server; round trips, commands and bytes that the server sees; and
              the memory of the worker's processes after it
    dispatch  one process dispatches one by one: processor seconds for 100,000 jobs, of the process
              and of the server

A round trip is one read of the server from a connection (total_reads_processed). The commands
include those that a script calls.
"""

from __future__ import annotations

import resource
import tempfile
from typing import Any, NamedTuple

from .figures import Found, Part, attempt
from .options import Options, arguments
from .peers import usage
from .peers.catalogue import EVERYBODY, Peer
from .peers.install import install, versions
from .peers.measure import STEADY, Bench
from .results import Results
from .stores import STORES, Store

PARTS = ("bytes", "drain", "dispatch")
JOBS = 100_000
"""The processor seconds are given for so many."""
WAITING = 20_000
DISPATCHED = 3000


class Cost(NamedTuple):
    """Of a drain."""

    worker: float
    server: float
    trips: float
    commands: float
    input: float
    memory: float


DRAINED = {
    "worker": ("s", f"processor time of the worker for {JOBS:,} jobs"),
    "server": ("s", f"processor time of the server for {JOBS:,} jobs"),
    "trips": ("per 1,000 jobs", "round trips of the worker"),
    "commands": ("per job", "commands that the server runs for the worker"),
    "input": ("bytes/job", "sent by the worker to the server"),
    "memory": ("MB", "memory of the worker's processes"),
}
"""Of each field of Cost: its unit and title."""


def main() -> None:
    options = arguments("cost", __doc__, PARTS)
    install()
    with STORES["redis"]() as store, tempfile.TemporaryDirectory() as folder:
        results = Results(options, {"redis": store.version, **versions()})
        costs = Costs(store, Bench(folder, store.environment), options, results)
        for part in options.parts:
            getattr(costs, part)()


class Costs:
    """The parts, one method each."""

    def __init__(self, store: Store, bench: Bench, options: Options, results: Results) -> None:
        self._store = store
        self._bench = bench
        self._results = results
        self._rounds = options.rounds
        self._scale = 0.25 if options.quick else 1.0

    def bytes(self) -> None:
        """The growth of Redis for jobs that wait."""
        found = Found()
        for _ in range(self._rounds):
            for peer in EVERYBODY:
                found.take(peer.name, lambda: self._bytes(peer))  # noqa: B023
        self._add("bytes", "a job that waits", "bytes", found)

    def _bytes(self, peer: Peer) -> float:
        self._store.empty()
        # rq's and Sidekiq's bulk calls store what their single calls store.
        self._bench.produce(peer, "many", 1000)
        before = self._stats()["used_memory"]
        jobs = int(WAITING * self._scale)
        self._bench.produce(peer, "many", jobs)
        return float(self._stats()["used_memory"] - before) / jobs

    def drain(self) -> None:
        """What one worker process costs."""
        costs: dict[str, list[Cost]] = {peer.name: [] for peer in EVERYBODY}
        errors: dict[str, str] = {}
        for _ in range(self._rounds):
            for peer in EVERYBODY:
                cost = attempt(peer.name, lambda: self._drain(peer), errors)  # noqa: B023
                if cost is not None:
                    costs[peer.name].append(cost)
        for field, (unit, title) in DRAINED.items():
            figures = {name: [getattr(each, field) for each in own] for name, own in costs.items()}
            self._add(f"drain-{field}", f"drain: {title}", unit, Found(figures, errors))

    def _drain(self, peer: Peer) -> Cost:
        self._store.empty()
        jobs = int(peer.jobs * self._scale)
        self._bench.produce(peer, "many", jobs)
        with self._bench.working(peer, 1) as counts:
            counts.reach(int(jobs * STEADY))
            done, stats, used = counts.total(), self._stats(), self._used(counts.pid)
            counts.reach(jobs)
            worker, server = self._used(counts.pid)
            done, later = counts.total() - done, self._stats()
            grown = {name: (later[name] - stats[name]) / done for name in _GROWING}
            memory = usage.memory(counts.pid)
        return Cost(
            (worker - used[0]) / done * JOBS,
            (server - used[1]) / done * JOBS,
            grown["total_reads_processed"] * 1000,
            grown["total_commands_processed"],
            grown["total_net_input_bytes"],
            memory,
        )

    def dispatch(self) -> None:
        """What dispatching one by one costs, the start of the process included."""
        own, server = Found(), Found()
        for _ in range(self._rounds):
            for peer in EVERYBODY:
                seconds = attempt(peer.name, lambda: self._dispatch(peer), own.errors)  # noqa: B023
                for found, figure in zip((own, server), seconds or (), strict=False):
                    found.figures.setdefault(peer.name, []).append(figure)
        title = f"dispatch one by one: processor time for {JOBS:,} jobs"
        self._add("dispatch-own", f"{title}, of the process", "s", own)
        self._add("dispatch-server", f"{title}, of the server", "s", server)

    def _dispatch(self, peer: Peer) -> tuple[float, float]:
        """The difference of a run with many jobs and one with few, so that the start of the
        process is not in it."""
        few, many = (self._dispatched(peer, jobs) for jobs in (100, DISPATCHED + 100))
        own, server = (
            (more - less) / DISPATCHED * JOBS for more, less in zip(many, few, strict=True)
        )
        return own, server

    def _dispatched(self, peer: Peer, jobs: int) -> tuple[float, float]:
        self._store.empty()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        server = usage.seconds(self._store.pid)
        self._bench.produce(peer, "one", jobs)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return own, usage.seconds(self._store.pid) - server

    def _used(self, worker: int) -> tuple[float, float]:
        return usage.seconds(worker), usage.seconds(self._store.pid)

    def _stats(self) -> dict[str, Any]:
        return self._store.stats()

    def _add(self, key: str, title: str, unit: str, found: Found) -> None:
        self._results.add(Part(f"redis-cost-{key}", f"Redis: {title}", unit, [found], less=True))


_GROWING = ("total_reads_processed", "total_commands_processed", "total_net_input_bytes")

if __name__ == "__main__":
    main()

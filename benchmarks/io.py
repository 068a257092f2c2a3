"""Jobs that wait: how many one worker process runs a second, by how many it runs at a time.

    python -m benchmarks.io [--only redis,postgresql] [--peers lightjobs,bullmq,…]
        [--concurrency 1,10,100,1000] [--ways async,threads] [--rounds N] [--json FILE]

Every job waits 10 ms: an async handler by asyncio.sleep, one in a thread by time.sleep. In each
round everybody has a turn on an emptied store that has jobs for some seconds. What is measured
begins when a quarter of them have run: jobs a second, processor time of the worker's processes and
of the server's. A run of some peers or concurrencies does not replace the stored figures of all.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from typing import NamedTuple

from .figures import Found, Part, attempt
from .options import Options, arguments
from .peers import usage
from .peers.concurrent import JOBS, Way
from .peers.install import install, versions
from .peers.measure import Bench
from .results import Results
from .stores import STORES, Store

CONCURRENCY = (1, 10, 100, 1000)
WAIT_US = 10_000
SECONDS = 4
"""A store is filled for so long a round, at the speed that the peer does not exceed."""
BEGIN, END = 0.25, 0.95
"""These parts of the jobs have run when the measuring begins and ends."""
LONGEST = 6.0
"""It ends after so many seconds at the latest."""
AT = 100
"""The concurrency for which figures are wanted."""
WANTED = {"redis": {"async": 9000, "threads": 8000}, "postgresql": {"async": 8000}}
OF_BULLMQ, OF_OTHERS = 1.3, 4


class Chosen(NamedTuple):
    """What the command line chooses from."""

    peers: list[str]
    concurrency: list[int]
    ways: list[str]


class Rate(NamedTuple):
    """Jobs a second; processor time of a job in µs, in the worker and in the server; and the
    share of a core that the worker used, in percent."""

    jobs: float
    worker: float
    server: float
    core: float


UNITS = {
    "jobs": ("jobs/s", "", False),
    "worker": ("µs/job", ", processor time of the worker", True),
    "server": ("µs/job", ", processor time of the server", True),
    "core": ("% of a core", ", used by the worker", True),
}
"""Of each field of Rate: its unit, what the title adds, and whether less is better."""


def main() -> None:
    options, chosen = _arguments()
    install()
    for name in options.parts:
        with STORES[name]() as store, tempfile.TemporaryDirectory() as folder:
            results = Results(options, {name: store.version, **versions()})
            bench = Bench(folder, store.environment)
            for way in chosen.ways:
                Waiting(store, bench, options, results, chosen).run(way)


def _arguments() -> tuple[Options, Chosen]:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--peers", default="")
    parser.add_argument("--concurrency", default=",".join(map(str, CONCURRENCY)))
    parser.add_argument("--ways", default=",".join(JOBS))
    own, words = parser.parse_known_args()
    options = arguments("io", __doc__, tuple(STORES), words)
    concurrency = [int(each) for each in own.concurrency.split(",")]
    chosen = Chosen([*filter(None, own.peers.split(","))], concurrency, own.ways.split(","))
    partly = chosen.peers or tuple(concurrency) != CONCURRENCY
    if partly and "--json" not in " ".join(sys.argv):
        options = options._replace(json=options.json.with_name("io-quick.json"))
    return options, chosen


class Waiting:
    """Measures one kind of handler on one store."""

    def __init__(
        self, store: Store, bench: Bench, options: Options, results: Results, chosen: Chosen
    ) -> None:
        self._store = store
        self._bench = bench
        self._results = results
        self._rounds = options.rounds
        self._seconds = SECONDS / 2 if options.quick else SECONDS
        self._chosen = chosen

    def run(self, kind: str) -> None:
        """All concurrencies in each round; then print and store."""
        ways = [way for way in self._store.ways[kind] if self._wanted(way)]
        for way in ways:
            print(f"{way.peer.name}, {kind}: {way.note}", flush=True)
        found: dict[int, dict[str, list[Rate]]] = {each: {} for each in self._chosen.concurrency}
        errors: dict[int, dict[str, str]] = {each: {} for each in self._chosen.concurrency}
        for _ in range(self._rounds):
            for concurrency in self._chosen.concurrency:
                for way in ways:
                    rate = attempt(
                        way.peer.name,
                        lambda: self._measure(way, kind, concurrency),  # noqa: B023
                        errors[concurrency],
                    )
                    rates = found[concurrency].setdefault(way.peer.name, [])
                    if rate is not None:
                        rates.append(rate)
        self._report(kind, found, errors)

    def _wanted(self, way: Way) -> bool:
        return not self._chosen.peers or way.peer.name in self._chosen.peers

    def _measure(self, way: Way, kind: str, concurrency: int) -> Rate:
        self._store.empty()
        os.environ["BENCH_CONCURRENCY"] = str(concurrency)
        most = min(way.most, concurrency * 1_000_000 // WAIT_US)
        jobs = int(most * self._seconds) + concurrency
        self._bench.produce(way.peer, "many", jobs, JOBS[kind], WAIT_US)
        peer = way.peer._replace(worker=lambda processes: way.command(concurrency))
        with self._bench.working(peer, 1) as counts:
            counts.reach(int(jobs * BEGIN))
            started, before = time.perf_counter(), counts.total()
            worker, server = usage.seconds(counts.pid), usage.seconds(self._store.pid)
            counts.reach(int(jobs * END), within=LONGEST)
            done, took = counts.total() - before, time.perf_counter() - started
            worker = usage.seconds(counts.pid) - worker
            server = usage.seconds(self._store.pid) - server
        return Rate(done / took, worker / done * 1e6, server / done * 1e6, worker / took * 100)

    def _report(
        self,
        kind: str,
        found: dict[int, dict[str, list[Rate]]],
        errors: dict[int, dict[str, str]],
    ) -> None:
        apart = {"bullmq": None} if any("bullmq" in point for point in found.values()) else {}
        for field, (unit, addition, less) in UNITS.items():
            points = [
                Found(_figures(rates, field), errors[concurrency], concurrency)
                for concurrency, rates in found.items()
            ]
            key = f"{self._store.name}-io-{kind}" + (f"-{field}" if addition else "")
            title = f"{self._store.title}: jobs that wait 10 ms, {kind}{addition}"
            self._results.add(
                Part(key, title, unit, points, less=less, x="concurrency", apart=apart)
            )
        if AT in found:
            self._results.add(self._goal(kind, Found(_figures(found[AT], "jobs"), errors[AT])))

    def _goal(self, kind: str, found: Found) -> Part:
        return Part(
            f"{self._store.name}-io-{kind}-{AT}",
            f"{self._store.title}: jobs that wait 10 ms, {kind}, concurrency {AT}",
            "jobs/s",
            [found],
            wanted=OF_OTHERS,
            apart={"bullmq": OF_BULLMQ} if "bullmq" in found.figures else {},
            target=WANTED.get(self._store.name, {}).get(kind),
        )


def _figures(rates: dict[str, list[Rate]], field: str) -> dict[str, list[float]]:
    return {name: [getattr(rate, field) for rate in each] for name, each in rates.items()}


if __name__ == "__main__":
    main()

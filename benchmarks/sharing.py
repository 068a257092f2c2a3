"""How jobs share a worker's core, and how two workers share the jobs, on Redis.

python -m benchmarks.sharing [--quick] [--rounds N] [--only cpu,two,burst,hostage] [--json FILE]

cpu      handlers use the processor for 1 ms each: which part of the processor time of the
         worker's processes is theirs, where it runs 1 or 10 at a time
two      two workers drain jobs that wait 10 ms, 100 at a time each: the share of the lesser one
burst    two idle workers with 20 free places each get 40 jobs that wait 50 ms: its share again
hostage  two workers that run one job at a time have had jobs of 10 ms; then one gets a job of
         2 s, and 100 more wait behind it: from the start of the first to that of the last
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .figures import Failed, Found, Part
from .options import Options, arguments
from .peers import ticks, usage
from .peers.concurrent import ASYNC, JOBS, ON_REDIS, THREADS, Way
from .peers.install import install, versions
from .peers.measure import Bench, Counts
from .results import Results
from .stores import STORES, Store

PARTS = ("cpu", "two", "burst", "hostage")
BURN_US, WAIT_US, LONGER_US, LONG_US = 1000, 10_000, 50_000, 2_000_000
WANTED_SHARE = 95.0
AT_A_TIME = (1, 10)
PLACES, BURST = 20, 40
BEFORE, BEHIND = 200, 100
PATIENCE = 15.0
IDLE_SECONDS = 2.0
"""Two workers that have come up are left alone for so long, so that both wait for jobs."""


def _everybody() -> list[tuple[str, Way]]:
    """Each library once, with the kind of handler that suits it."""
    found = {way.peer.name: (ASYNC, way) for way in ON_REDIS[ASYNC]}
    for way in ON_REDIS[THREADS]:
        found.setdefault(way.peer.name, (THREADS, way))
    return list(found.values())


def main() -> None:
    options = arguments("sharing", __doc__, PARTS)
    install()
    with STORES["redis"]() as store, tempfile.TemporaryDirectory() as folder:
        results = Results(options, {"redis": store.version, **versions()})
        sharing = Sharing(store, Bench(folder, store.environment), options, results)
        for part in options.parts:
            getattr(sharing, part)()


class Sharing:
    """The parts, one method each."""

    def __init__(self, store: Store, bench: Bench, options: Options, results: Results) -> None:
        self._store = store
        self._bench = bench
        self._results = results
        self._rounds = options.rounds
        self._seconds = 1.5 if options.quick else 4.0

    def cpu(self) -> None:
        """What is left of the worker's processor time for handlers."""
        points = []
        for concurrency in AT_A_TIME:
            found = self._found(lambda _kind, way: self._burned(way, concurrency))  # noqa: B023
            found.x = concurrency
            points.append(found)
        title = "handlers of 1 ms: their part of the worker's processor time"
        self._add("cpu", title, "%", points, target=WANTED_SHARE, x="concurrency")

    def _burned(self, way: Way, concurrency: int) -> float:
        self._begin(concurrency)
        jobs = int(min(way.most, 1e6 / BURN_US) * self._seconds)
        self._bench.produce(way.peer, "many", jobs, "burn", BURN_US)
        with self._bench.another(way.peer.name, way.command(concurrency), "1") as counts:
            counts.reach(int(jobs * 0.2))
            done, used = counts.total(), usage.seconds(counts.pid)
            counts.reach(int(jobs * 0.95))
            done, used = counts.total() - done, usage.seconds(counts.pid) - used
        return done * BURN_US / 1e6 / used * 100

    def two(self) -> None:
        """The share of the lesser of two workers that are busy."""
        found = self._found(self._two)
        self._add("two", "two busy workers: the part of the lesser one", "%", [found])

    def _two(self, kind: str, way: Way) -> float:
        self._begin(100)
        jobs = int(2 * min(way.most, 10_000) * self._seconds)
        self._bench.produce(way.peer, "many", jobs, JOBS[kind], WAIT_US)
        with self._both(way, 100) as counts:
            _until(lambda: len(counts.by_worker()) == 2, "the second worker has run nothing")
            counts.reach(counts.total() + int(jobs * 0.05))
            before = counts.by_worker()
            counts.reach(int(jobs * 0.9), within=self._seconds)
            return _lesser(before, counts.by_worker())

    def burst(self) -> None:
        """The share of the lesser of two workers that were idle."""
        found = self._found(self._burst)
        title = f"{BURST} jobs for two idle workers: the part of the lesser one"
        self._add("burst", title, "%", [found])

    def _burst(self, kind: str, way: Way) -> float:
        self._begin(PLACES)
        with self._both(way, PLACES) as counts:
            # Until both have shown that they are there.
            self._bench.produce(way.peer, "many", 8 * PLACES, JOBS[kind], LONGER_US)
            _until(lambda: counts.total() == 8 * PLACES, "jobs were left")
            time.sleep(IDLE_SECONDS)
            before = counts.by_worker()
            self._bench.produce(way.peer, "many", BURST, JOBS[kind], LONGER_US)
            counts.reach(8 * PLACES + BURST)
            return _lesser(before, counts.by_worker())

    def hostage(self) -> None:
        """How long jobs wait that one worker might have taken before it began a long one."""
        found = self._found(self._hostage)
        title = "100 jobs behind one of 2 s, two workers: from the first start to the last"
        self._add("hostage", title, "ms", [found], less=True)

    def _hostage(self, kind: str, way: Way) -> float:
        self._begin(1)
        for jobs, job, value in (
            (BEFORE, JOBS[kind], WAIT_US),
            (1, JOBS[kind], LONG_US),
            (BEHIND, "stamp", 1),
        ):
            self._bench.produce(way.peer, "many", jobs, job, value)
        stamps = Path(self._bench.folder, "stamps")
        with self._both(way, 1):
            _until(lambda: stamps.read_text().count("\n") == BEHIND, "jobs were left")
            started = [int(line.split()[1]) for line in stamps.read_text().splitlines()]
        return (max(started) - min(started)) / 1e6

    def _begin(self, concurrency: int) -> None:
        self._store.empty()
        os.environ["BENCH_CONCURRENCY"] = str(concurrency)
        ticks.make(self._bench.folder)

    @contextlib.contextmanager
    def _both(self, way: Way, concurrency: int) -> Iterator[Counts]:
        """Two workers, and what both have counted."""
        command = way.command(concurrency)
        with (
            self._bench.another(way.peer.name, command, "1") as counts,
            self._bench.another(way.peer.name, command, "2"),
        ):
            yield counts

    def _found(self, measure: Callable[[str, Way], float]) -> Found:
        found = Found()
        for _ in range(self._rounds):
            for kind, way in _everybody():
                found.take(way.peer.name, lambda: measure(kind, way))  # noqa: B023
        return found

    def _add(
        self,
        key: str,
        title: str,
        unit: str,
        points: list[Found],
        less: bool = False,
        target: float | None = None,
        x: str | None = None,
    ) -> None:
        part = Part(f"redis-sharing-{key}", f"Redis: {title}", unit, points, less=less)
        part.target, part.x = target, x
        self._results.add(part)


def _lesser(before: dict[str, int], after: dict[str, int]) -> float:
    """The lesser one's part of what two workers have done, in percent."""
    done = [after.get(number, 0) - before.get(number, 0) for number in ("1", "2")]
    return min(done) / sum(done) * 100


def _until(reached: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if time.monotonic() > deadline:
            raise Failed(otherwise)
        time.sleep(0.005)


if __name__ == "__main__":
    main()

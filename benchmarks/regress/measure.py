"""One turn: measures the package that PYTHONPATH has first, on the store of the environment.

    python -m benchmarks.regress.measure FOLDER JOBS GROUPS

FOLDER is for what the jobs write, JOBS is how many are drained, and GROUPS are some of GROUPS in
figures.py. Prints {"figures": {...}, "errors": {...}}, the keys as in FIGURES.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightjobs
from benchmarks.figures import Failed, attempt
from benchmarks.peers import ticks
from benchmarks.peers.usage import memory

from .jobs import Block, Noop, Stamp, Wait

PATIENCE = 60.0
STARTS = 3
STEADY = 0.2
"""This part of the jobs is not timed: the worker comes up."""
STAMPS = 100
CONCURRENCY = 100
ONE_BY_ONE = 10_000
"""At most, and not more than a fifth of JOBS."""
SLICES = 10
"""A dispatch is measured in so many parts, and the median taken: what else the machine does falls
into some of them."""

Figures = dict[str, float]


class Turn:
    """The groups, one method each, on a store that is empty before and after each of them."""

    def __init__(self, folder: str, jobs: int) -> None:
        self._folder = folder
        self._jobs = jobs

    def start(self) -> Figures:
        """A worker that finds nothing; one before it is not counted, it reads files from disk."""
        seconds = [self._started() for _ in range(1 + STARTS)][1:]
        return {
            "start-cpu": self._start_cpu() * 1e3,
            "start-ready": statistics.median(seconds) * 1e3,
        }

    def _started(self) -> float:
        started = time.perf_counter()
        with self._worker() as worker:
            self._ready(worker)
            return time.perf_counter() - started

    def _start_cpu(self) -> float:
        return statistics.median(self._to_the_end()[0] for _ in range(STARTS))

    def dispatch(self) -> Figures:
        """One by one; a first one imports and connects."""
        found, _jobs = one_by_one(self._jobs)
        self._to_the_end()
        return found

    def drain(self) -> Figures:
        """Dispatched in bulk, then drained by a worker that stops when it has done all."""
        idle = self._start_cpu()
        found, jobs = in_bulk(self._jobs)
        used, rate = self._to_the_end(jobs)
        return {**found, "drain-cpu": (used - idle) / jobs * 1e6, "drain-rate": rate}

    def latency(self) -> Figures:
        """On a worker that has nothing else to do; then its memory after a tenth of the jobs."""
        with self._worker() as worker:
            self._ready(worker)
            Noop().dispatch({"n": 0})
            time.sleep(0.7)
            for _ in range(STAMPS):
                time.sleep(random.uniform(0.005, 0.03))
                Stamp().dispatch({"at": time.monotonic_ns()})
            stamps = Path(self._folder, "stamps")
            wait(lambda: len(stamps.read_text().splitlines()) >= STAMPS, "the stamps")
            pairs = (map(int, line.split()[:2]) for line in stamps.read_text().splitlines())
            late = sorted((started - at) / 1e6 for at, started in pairs)
            Noop.dispatchMany([{"n": 0}] * (self._jobs // 10))
            wait(lambda: self._count() > self._jobs // 10, "the jobs")
            used = memory(worker.pid)
        return {
            "latency-p50": late[len(late) // 2],
            "latency-p99": late[len(late) * 99 // 100],
            "memory": used,
        }

    def io(self) -> Figures:
        """Jobs that wait, async and in threads."""
        found: Figures = {}
        idle = self._start_cpu()
        jobs = max(200, self._jobs // 8)
        for way, job in (("async", Wait), ("threads", Block)):
            job.dispatchMany([{"n": number} for number in range(jobs)])
            used, rate = self._to_the_end(jobs, f"--concurrency={CONCURRENCY}")
            found |= {f"io-{way}-cpu": (used - idle) / jobs * 1e6, f"io-{way}-rate": rate}
        return found

    def _to_the_end(self, jobs: int = 0, *options: str) -> tuple[float, float]:
        """A worker until the queue is empty: its processor seconds, and the jobs a second after
        STEADY of them."""
        before = _children()
        with self._worker("--stop-when-empty", "--quiet", *options) as worker:
            rate = self._rate(jobs, worker) if jobs else 0.0
            if worker.wait(PATIENCE):
                raise Failed(f"the worker ended with {worker.returncode}: {self._log()}")
        return _children() - before, rate

    def _rate(self, jobs: int, worker: subprocess.Popen[bytes]) -> float:
        self._reach(int(jobs * STEADY), worker)
        started, before = time.perf_counter(), self._count()
        self._reach(jobs, worker)
        return (self._count() - before) / (time.perf_counter() - started)

    def _reach(self, jobs: int, worker: subprocess.Popen[bytes]) -> None:
        def reached() -> bool:
            if worker.poll() is not None and self._count() < jobs:
                raise Failed(f"the worker ended with {worker.returncode}: {self._log()}")
            return self._count() >= jobs

        wait(reached, f"{jobs} jobs", pause=0.002)

    @contextlib.contextmanager
    def _worker(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        ticks.make(self._folder)
        self._counts = ticks.attach(self._folder)
        command = [sys.executable, "-m", "lightjobs", "job:work", "--queue=bench", *options]
        with open(f"{self._folder}/log", "wb") as log:
            worker = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield worker
        finally:
            worker.terminate()
            worker.wait(PATIENCE)

    def _count(self) -> int:
        return sum(self._counts[: Path(self._folder, "slots").stat().st_size])

    def _ready(self, worker: subprocess.Popen[bytes]) -> None:
        wait(lambda: "READY" in self._log() or worker.poll() is not None, "READY", pause=0.001)

    def _log(self) -> str:
        return Path(self._folder, "log").read_text(errors="replace")[-2000:]


def one_by_one(most: int) -> tuple[Figures, int]:
    """Dispatch jobs one by one; a first one imports and connects. Returns their number, too."""
    jobs = min(ONE_BY_ONE, most // 5) // SLICES
    Noop().dispatch({"n": 0})

    def dispatch() -> None:
        for number in range(jobs):
            Noop().dispatch({"n": number})

    return _sliced("dispatch", dispatch, jobs), jobs * SLICES + 1


def in_bulk(jobs: int) -> tuple[Figures, int]:
    """Dispatch jobs in bulk, likewise."""
    Noop.dispatchMany([{"n": 0}])
    payloads = [{"n": number} for number in range(jobs // SLICES)]
    figures = _sliced("bulk", lambda: Noop.dispatchMany(payloads), len(payloads))
    return figures, len(payloads) * SLICES + 1


def _sliced(name: str, dispatch: Callable[[], object], jobs: int) -> Figures:
    """Processor time of a job in µs and jobs a second, where `dispatch` has so many."""
    cpu, wall = [], []
    for _ in range(SLICES):
        began, started = time.process_time(), time.perf_counter()
        dispatch()
        cpu.append((time.process_time() - began) / jobs * 1e6)
        wall.append(jobs / (time.perf_counter() - started))
    return {f"{name}-cpu": statistics.median(cpu), f"{name}-rate": statistics.median(wall)}


def wait(condition: Callable[[], Any], what: str, pause: float = 0.005) -> None:
    """Raises Failed if `condition` is still false after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise Failed(f"{what} did not come in {PATIENCE:g} s")
        time.sleep(pause)


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def install() -> None:
    """The tables, if the store has any. Raises Failed if another package would be measured."""
    tree = os.environ["PYTHONPATH"].split(":")[0]
    if not Path(str(lightjobs.__file__)).is_relative_to(tree):
        raise Failed(f"lightjobs is {lightjobs.__file__}; wanted: the one in {tree}")
    if os.environ["JOB_ENGINE"] == "database":
        command = [sys.executable, "-m", "lightjobs", "migrate:up"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def turn(turn: Any, groups: list[str]) -> None:
    """Measure these groups and print what was found."""
    figures: Figures = {}
    errors: dict[str, str] = {}
    for group in groups:
        with contextlib.redirect_stdout(sys.stderr):
            figures |= attempt(group, getattr(turn, group), errors) or {}
    print(json.dumps({"figures": figures, "errors": errors}))


if __name__ == "__main__":
    install()
    turn(Turn(sys.argv[1], int(sys.argv[2])), sys.argv[3].split(","))

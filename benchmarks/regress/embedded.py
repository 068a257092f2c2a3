"""One turn on the memory engine, which has no worker process: an embedded worker.

    python -m benchmarks.regress.embedded FOLDER JOBS GROUPS

As measure.py. Processor time is that of the whole process, which does nothing else.
"""

from __future__ import annotations

import os
import random
import sys
import time
from pathlib import Path

import lightjobs
from benchmarks.peers import ticks
from benchmarks.peers.usage import memory

from .jobs import Block, Stamp, Wait
from .measure import CONCURRENCY, STAMPS, Figures, in_bulk, install, one_by_one, turn, wait


class EmbeddedTurn:
    """The groups, one method each, on a store that is empty before and after each of them."""

    def __init__(self, folder: str, jobs: int) -> None:
        ticks.make(folder)
        self._folder = folder
        self._counts = ticks.attach(folder)
        self._jobs = jobs
        os.environ["BENCH_FOLDER"] = folder
        self._work()  # imports

    def start(self) -> Figures:
        """A block that finds nothing."""
        return {"start-cpu": self._work()[0] * 1e3}

    def dispatch(self) -> Figures:
        """One by one."""
        found, jobs = one_by_one(self._jobs)
        self._work(jobs)
        return found

    def drain(self) -> Figures:
        """Dispatched in bulk, then drained."""
        idle_cpu, idle_wall = self._work()
        found, jobs = in_bulk(self._jobs)
        used, took = self._work(jobs)
        return {
            **found,
            "drain-cpu": (used - idle_cpu) / jobs * 1e6,
            "drain-rate": jobs / (took - idle_wall),
        }

    def latency(self) -> Figures:
        """On a worker that has nothing else to do."""
        stamps = Path(self._folder, "stamps")
        with lightjobs.worker(queues=["bench"]):
            time.sleep(0.2)
            for _ in range(STAMPS):
                time.sleep(random.uniform(0.005, 0.03))
                Stamp().dispatch({"at": time.monotonic_ns()})
            wait(lambda: len(stamps.read_text().splitlines()) >= STAMPS, "the stamps")
            used = memory(os.getpid())
        pairs = (map(int, line.split()[:2]) for line in stamps.read_text().splitlines())
        late = sorted((started - at) / 1e6 for at, started in pairs)
        return {
            "latency-p50": late[len(late) // 2],
            "latency-p99": late[len(late) * 99 // 100],
            "memory": used,
        }

    def io(self) -> Figures:
        """Jobs that wait, in 100 threads, each of which runs one at a time."""
        found: Figures = {}
        jobs = max(200, self._jobs // 8)
        for way, job in (("async", Wait), ("threads", Block)):
            idle_cpu, _ = self._work(workers=CONCURRENCY)
            job.dispatchMany([{"n": number} for number in range(jobs)])
            used, took = self._work(jobs, CONCURRENCY)
            found[f"io-{way}-cpu"] = (used - idle_cpu) / jobs * 1e6
            # The first jobs run while the last threads start, so these seconds are in it.
            found[f"io-{way}-rate"] = jobs / took
        return found

    def _count(self) -> int:
        return sum(self._counts[: Path(self._folder, "slots").stat().st_size])

    def _work(self, jobs: int = 0, workers: int = 1) -> tuple[float, float]:
        """Processor seconds and seconds until so many jobs are done, from entering the block."""
        end = self._count() + jobs
        cpu, wall = time.process_time(), time.perf_counter()
        with lightjobs.worker(workers=workers, queues=["bench"]):
            wait(lambda: self._count() >= end, f"{jobs} jobs", pause=0.005)
            return time.process_time() - cpu, time.perf_counter() - wall


if __name__ == "__main__":
    install()
    turn(EmbeddedTurn(sys.argv[1], int(sys.argv[2])), sys.argv[3].split(","))

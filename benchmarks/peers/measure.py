"""The figures of one library in one round: on an emptied store, in a new process each time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..figures import Failed
from . import ticks
from .catalogue import ROOT, Peer

PATIENCE = 90.0
"""A worker that has not done its jobs after so many seconds has failed."""

DISPATCH_PATIENCE = 300.0
"""A program that has not dispatched its jobs after so many seconds has failed."""

STEADY = 0.2
"""This part of the jobs is not timed: the workers come up one after the other."""

SETTLING_SECONDS = 0.7
"""How long a worker that has run a first job is left to become idle."""


class Bench:
    """A folder for what the jobs write and a store, both told to all processes by environment."""

    def __init__(self, folder: str, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = {
            **environment,
            "BENCH_FOLDER": folder,
            "JOB_MODULES": "benchmarks.peers.lightjobs",
        }
        self.use()

    def use(self) -> None:
        """From now on this one is meant."""
        os.environ.update(self._environment)

    def fill(self, queue: str, jobs: int) -> None:
        """Store so many jobs of lightjobs that wait, and as many that are delayed."""
        command = [sys.executable, "-m", "benchmarks.peers.backlog", queue, str(jobs)]
        subprocess.run(command, cwd=ROOT, check=True)

    def produce(self, peer: Peer, how: str, jobs: int, job: str = "noop", value: int = 1) -> float:
        """Dispatch in a process of its own; returns jobs per second, imports not counted."""
        command = [*peer.producer, how, str(jobs), job, str(value)]
        with open(f"{self.folder}/produce.log", "w") as log:
            try:
                done = subprocess.run(
                    command,
                    cwd=ROOT,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    timeout=DISPATCH_PATIENCE,
                )
            except OSError as error:
                raise Failed(f"{command[0]} does not start: {error.strerror}") from error
        if done.returncode:
            text = _end(Path(log.name))
            raise Failed(f"the dispatching process ended with {done.returncode}: {text}")
        return (jobs - 1) / float(done.stdout.split()[-1])

    @contextlib.contextmanager
    def working(self, peer: Peer, processes: int, cwd: Path = ROOT) -> Iterator[Counts]:
        """A worker, its output going to a file, and what it has counted since it began."""
        ticks.make(self.folder)
        with self.another(peer.name, peer.worker(processes), "1", cwd) as counts:
            yield counts

    @contextlib.contextmanager
    def another(
        self, name: str, command: list[str], number: str, cwd: Path = ROOT
    ) -> Iterator[Counts]:
        """The same for any command, while others may be running: `number`, a digit, tells them
        apart."""
        with open(f"{self.folder}/{name}-{number}.log", "w") as log:
            try:
                worker = subprocess.Popen(
                    command,
                    cwd=cwd,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    env={**os.environ, "BENCH_WORKER": number},
                )
            except OSError as error:
                raise Failed(f"{command[0]} does not start: {error.strerror}") from error
        try:
            yield Counts(self.folder, worker, log.name)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)  # its own session: nobody else's
            worker.wait()

    def drain(self, peer: Peer, processes: int, jobs: int, cwd: Path = ROOT) -> float:
        """Jobs a second of a worker that finds `jobs` waiting, from the moment when STEADY of them
        have run to the last one; so neither the start of the worker counts nor that of the second
        process."""
        with self.working(peer, processes, cwd) as counts:
            counts.reach(int(jobs * STEADY))
            started, before = time.perf_counter(), counts.total()
            counts.reach(jobs)
            return (counts.total() - before) / (time.perf_counter() - started)

    def start(self, peer: Peer) -> float:
        """Seconds from starting the worker's process to the end of its first job, which waits."""
        self.produce(peer, "one", 1)
        started = time.perf_counter()
        with self.working(peer, 1) as counts:
            counts.reach(1, pause=0.0005)
            return time.perf_counter() - started

    def latencies(self, peer: Peer, jobs: int) -> list[float]:
        """Seconds from just before each dispatch to the start of its job, on an idle worker."""
        self.produce(peer, "one", 1)
        with self.working(peer, 1) as counts:
            counts.reach(1)
            time.sleep(SETTLING_SECONDS)
            self.produce(peer, "stamps", jobs + 1)
            stamps = Path(self.folder, "stamps")
            deadline = time.monotonic() + 10
            while len(lines := stamps.read_text().splitlines()) < jobs:
                if time.monotonic() > deadline:
                    raise Failed(f"{len(lines)} of {jobs} jobs have started")
                time.sleep(0.01)
        found = (map(int, line.split()) for line in lines)
        return [(started - at) / 1e9 for at, started, _worker in found]


def _end(log: Path) -> str:
    """The end of what a process has written, which says why it ended."""
    return log.read_text(errors="replace")[-2000:].strip() or "it has written nothing"


class Counts:
    """What a running worker has counted."""

    def __init__(self, folder: str, worker: subprocess.Popen[bytes], log: str) -> None:
        self._counts = ticks.attach(folder)
        self._slots = Path(folder, "slots")
        self._worker = worker
        self._log = Path(log)

    @property
    def pid(self) -> int:
        return self._worker.pid

    def total(self) -> int:
        return sum(self._counts[: self._slots.stat().st_size])

    def by_worker(self) -> dict[str, int]:
        """The total of each worker, by its digit."""
        found: dict[str, int] = {}
        for slot, number in enumerate(self._slots.read_text()):
            found[number] = found.get(number, 0) + self._counts[slot]
        return found

    def reach(self, jobs: int, pause: float = 0.002, within: float | None = None) -> None:
        """Return when so many jobs have run, or after `within` seconds if that is given."""
        deadline = time.monotonic() + PATIENCE
        enough = time.monotonic() + within if within else None
        while self.total() < jobs:
            if enough and time.monotonic() > enough:
                return
            if (status := self._worker.poll()) is not None:
                text = f"the worker ended with {status} after {self.total()} of {jobs} jobs"
                raise Failed(f"{text}: {_end(self._log)}")
            if time.monotonic() > deadline:
                raise Failed(f"{self.total()} of {jobs} jobs in {PATIENCE:g} s: {_end(self._log)}")
            time.sleep(pause)

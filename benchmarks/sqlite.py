"""The embedded engine against a bare Python loop over the same SQL on the same file system.

    python -m benchmarks.sqlite [--quick] [--rounds N] [--only drain,idle,…] [--json FILE]

Each figure is the median of the rounds, lightjobs and the bare loop taking turns.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lightjobs import current
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.model import Done
from lightjobs.settings.database_settings import DatabaseSettings
from lightjobs.settings.settings import load

from .figures import Found, Part
from .jobs import Noop, Stamp
from .options import Options, arguments
from .results import Results
from .sqlite_loops import BATCH, bare_bulk, bare_drain, bare_single, connection, filled, fresh

PARTS = ("drain", "bulk", "one", "waiting", "idle", "memory")
JOBS = 50_000
WAITING = (10_000, 100_000, 1_000_000)
HERE = Path(__file__).resolve().parent.parent


def main() -> None:
    options = arguments("sqlite", __doc__, PARTS)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            JOB_ENGINE="database", DB_NAME=f"{folder}/jobs.sqlite", JOB_MODULES="benchmarks.jobs"
        )
        current.use(fresh(folder), load())
        run = Run(folder, options)
        for part in options.parts:
            getattr(run, part)()


class Run:
    """The parts, one method each: measure, then hand over to the results."""

    def __init__(self, folder: str, options: Options) -> None:
        self._folder = folder
        self._rounds = options.rounds
        self._scale = 0.1 if options.quick else 1.0
        self._results = Results(options, {})

    def drain(self) -> None:
        """No-op jobs, all waiting when the worker starts."""
        self._compare("drain-1", "drain", bare_drain, worker_drain, 0.40)

    def bulk(self) -> None:
        """Stored at once."""
        self._compare("enqueue-bulk", "dispatchMany", bare_bulk, dispatch_many, 0.40)

    def one(self) -> None:
        """Stored one by one."""
        self._compare("enqueue-one", "dispatch one by one", bare_single, dispatch, 0.50)

    def waiting(self) -> None:
        """Claiming and settling, by how many jobs wait."""
        points = [Found(x=int(waiting * self._scale)) for waiting in WAITING]
        for _ in range(self._rounds):
            for found in points:
                found.take("lightjobs", lambda: _claimed(self._folder, int(found.x or 0)))  # noqa: B023
        self._add("waiting", "claim and settle", "jobs/s", points, x="jobs waiting")

    def idle(self) -> None:
        """Start-up, dispatch to start on an idle worker, and what idling costs."""
        ready, share, late = _idle(self._folder)
        for key, title, unit, figure, target in (
            ("ready", "start to ready", "s", ready, 0.4),
            ("idle", "processor while idle", "% of a core", share * 100, 2),
            ("latency-p50", "dispatch to start when idle, p50", "ms", late[len(late) // 2], 5),
            (
                "latency-p99",
                "dispatch to start when idle, p99",
                "ms",
                late[len(late) * 99 // 100],
                None,
            ),
        ):
            found = Found({"lightjobs": [figure]})
            self._add(key, title, unit, [found], less=True, target=target)

    def memory(self) -> None:
        """A child's resident memory after each so many jobs; it is to be flat."""
        part = int(JOBS * self._scale)
        points = [
            Found({"lightjobs": [used]}, x=part * (number + 1))
            for number, used in enumerate(_memory(self._folder, part))
        ]
        self._add("memory", "memory of a child", "MB", points, less=True, x="jobs done")

    def _compare(
        self,
        key: str,
        title: str,
        bare: Callable[[str, int], float],
        ours: Callable[[str, int], float],
        wanted: float,
    ) -> None:
        found = Found({"lightjobs": [], "a bare loop": []})
        jobs = int(JOBS * self._scale)
        for _ in range(self._rounds):
            found.take("a bare loop", lambda: bare(self._folder, jobs))
            found.take("lightjobs", lambda: ours(self._folder, jobs))
        self._add(key, title, "jobs/s", [found], apart={"a bare loop": wanted})

    def _add(self, key: str, title: str, unit: str, points: Sequence[Found], **more: Any) -> None:
        self._results.add(Part(f"sqlite-{key}", f"SQLite: {title}", unit, points, **more))


def worker_drain(folder: str, jobs: int) -> float:
    """`job:work` with default options and its lines going to a file. Counted from ready to the
    last job gone, so without the start of the interpreter."""
    filled(folder, jobs)
    with open(f"{folder}/log", "w") as log:
        worker = start_worker(log)
        db = connection(folder)
        left = "SELECT count(*) FROM jobs"
        while db.execute(left).fetchone()[0] > jobs * 0.9:
            time.sleep(0.001)
        started, first = time.perf_counter(), db.execute(left).fetchone()[0]
        while last := db.execute(left).fetchone()[0]:
            time.sleep(0.005)
        seconds = time.perf_counter() - started
        worker.terminate()
        worker.wait()
    assert last == 0
    return float(first / seconds)


def start_worker(log: object, *more: str) -> subprocess.Popen[bytes]:
    """A worker process on the queue `bench`."""
    command = [sys.executable, "-m", "lightjobs", "job:work", "--queue=bench", *more]
    return subprocess.Popen(command, cwd=HERE, stdout=log, stderr=log)  # type: ignore[call-overload,no-any-return]


def dispatch_many(folder: str, jobs: int) -> float:
    """`Noop.dispatchMany`, payloads checked and encoded, ids returned."""
    current.use(fresh(folder), load())
    payloads = [{"n": n} for n in range(jobs)]
    started = time.perf_counter()
    ids = Noop.dispatchMany(payloads)
    assert len(ids) == jobs
    return jobs / (time.perf_counter() - started)


def dispatch(folder: str, jobs: int) -> float:
    """`Noop().dispatch({...})`, one by one."""
    current.use(fresh(folder), load())
    jobs //= 5
    started = time.perf_counter()
    for n in range(jobs):
        Noop().dispatch({"n": n})
    return jobs / (time.perf_counter() - started)


def _claimed(folder: str, waiting: int) -> float:
    """Jobs a second over the first 10,000 of those that wait."""
    filled(folder, waiting)
    engine = SqlEngine(Sqlite(DatabaseSettings(name=f"{folder}/jobs.sqlite")))
    engine.register("w", 60)
    batches = min(10_000, waiting) // BATCH
    started = time.perf_counter()
    for _ in range(batches):
        claims = engine.claim("w", ["bench"], BATCH)
        engine.settle("w", [Done(claim.id, claim.fence) for claim in claims])
    rate = batches * BATCH / (time.perf_counter() - started)
    engine.close()
    return rate


def _idle(folder: str) -> tuple[float, float, list[float]]:
    """Seconds from start to ready, the share of a core while idle, and ms from dispatch to start,
    sorted."""
    current.use(fresh(folder), load())
    with open(f"{folder}/log", "w+") as log:
        started = time.perf_counter()
        worker = start_worker(log)
        while "READY" not in Path(f"{folder}/log").read_text():
            time.sleep(0.002)
        ready = time.perf_counter() - started
        time.sleep(0.5)
        before = _cpu_seconds(worker.pid)
        time.sleep(5)
        share = (_cpu_seconds(worker.pid) - before) / 5
        file = f"{folder}/stamps"
        for _ in range(200):
            Stamp().dispatch({"file": file, "at": time.time()})
            time.sleep(0.02)
        worker.terminate()
        worker.wait()
    lines = map(str.split, Path(file).read_text().splitlines())
    return ready, share, sorted((float(start) - float(at)) * 1000 for _pid, at, start in lines)


def _processes(pid: int) -> list[int]:
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [pid, *map(int, children.stdout.split())]


def _cpu_seconds(pid: int) -> float:
    ticks = 0
    for process in _processes(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory(folder: str, part: int) -> list[float]:
    """A child's resident megabytes after each `part` jobs, four times."""
    current.use(fresh(folder), load())
    with open(f"{folder}/log", "w") as log:
        worker = start_worker(log)
        while len(_processes(worker.pid)) < 2:
            time.sleep(0.01)
        child = _processes(worker.pid)[1]
        found = []
        for _ in range(4):
            Noop.dispatchMany([{"n": n} for n in range(part)])
            while current.engine().stats():
                time.sleep(0.05)
            status = Path(f"/proc/{child}/status").read_text()
            found.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
        worker.terminate()
        worker.wait()
    return found


if __name__ == "__main__":
    main()

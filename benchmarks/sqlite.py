"""The embedded engine against a bare Python loop over the same SQL on the same file system.

    python -m benchmarks.sqlite [--jobs N] [--rounds N]

Each figure is the median of the rounds, lightjobs and the bare loop taking turns.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lightjobs import current
from lightjobs.engines.control import Engine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.engines.sql.sqlite_dialect import SQLITE
from lightjobs.engines.sql.statements import query
from lightjobs.model import Done
from lightjobs.settings.database_settings import DatabaseSettings
from lightjobs.settings.settings import load

from .jobs import Noop, Stamp

BATCH = 100
HERE = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            JOB_ENGINE="database", DB_NAME=f"{folder}/jobs.sqlite", JOB_MODULES="benchmarks.jobs"
        )
        engine = _fresh(folder)
        current.use(engine, load())
        _compare("drain, jobs/s", options, folder, bare_drain, worker_drain, 0.40)
        _compare("dispatchMany, jobs/s", options, folder, bare_bulk, dispatch_many, 0.40)
        _compare("dispatch one by one, jobs/s", options, folder, bare_single, dispatch, 0.50)
        _flat(options, folder)
        _idle(folder)
        _memory(folder)


def _compare(
    title: str,
    options: argparse.Namespace,
    folder: str,
    bare: Callable[[str, int], float],
    ours: Callable[[str, int], float],
    wanted: float,
) -> None:
    pairs = [
        (bare(folder, options.jobs), ours(folder, options.jobs)) for _ in range(options.rounds)
    ]
    bare_rate = statistics.median(b for b, _ in pairs)
    our_rate = statistics.median(o for _, o in pairs)
    ratio = statistics.median(o / b for b, o in pairs)
    print(
        f"{title:30} bare {bare_rate:9,.0f}  lightjobs {our_rate:9,.0f}  "
        f"ratio {ratio:.2f} (wanted {wanted:.2f})",
        flush=True,
    )


def _fresh(folder: str) -> Engine:
    for path in Path(folder).glob("jobs.sqlite*"):
        path.unlink()
    engine = SqlEngine(Sqlite(DatabaseSettings(name=f"{folder}/jobs.sqlite")))
    engine.schema.install()
    return engine


def _filled(folder: str, jobs: int) -> None:
    engine = _fresh(folder)
    current.use(engine, load())
    for _ in range(0, jobs, 5000):
        Noop.dispatchMany([{"n": n} for n in range(5000)])
    engine.close()


def _bare(folder: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{folder}/jobs.sqlite", isolation_level=None)
    connection.execute("PRAGMA synchronous = normal")
    return connection


def bare_drain(folder: str, jobs: int) -> float:
    """Claim and delete in batches of 100, the worker's own SQL, and nothing else."""
    _filled(folder, jobs)
    db = _bare(folder)
    params = {"worker": "w", "queue": "bench", "priority": 0, "us": 0, "limit": BATCH}
    started = time.perf_counter()
    while True:
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        db.execute("BEGIN IMMEDIATE")
        rows = db.execute(query("claim", SQLITE), {**params, "now": now}).fetchall()
        db.execute("COMMIT")
        if not rows:
            break
        outcomes = json.dumps([row[:2] for row in rows])
        db.execute("BEGIN IMMEDIATE")
        db.execute(query("settle_done", SQLITE), {"worker": "w", "outcomes": outcomes}).fetchall()
        db.execute("COMMIT")
    return jobs / (time.perf_counter() - started)


def worker_drain(folder: str, jobs: int) -> float:
    """`job:work` with default options and its lines going to a file. Counted from ready to the
    last job gone, so without the start of the interpreter."""
    _filled(folder, jobs)
    with open(f"{folder}/log", "w") as log:
        worker = start_worker(log)
        db = _bare(folder)
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


def bare_bulk(folder: str, jobs: int) -> float:
    """executemany of ready rows, 1,000 a transaction."""
    _fresh(folder).close()
    db = _bare(folder)
    row = {
        "handler": "benchmarks.jobs.Noop",
        "queue": "bench",
        "payload": '{"n":1}',
        "scheduled_at": "2026-01-01 00:00:00",
        "scheduled_us": 0,
        "priority": 0,
        "options": None,
        "now": "2026-01-01 00:00:00",
    }
    started = time.perf_counter()
    for _ in range(0, jobs, 1000):
        db.execute("BEGIN IMMEDIATE")
        db.executemany(query("push", SQLITE), [row] * 1000)
        db.execute("COMMIT")
    return jobs / (time.perf_counter() - started)


def dispatch_many(folder: str, jobs: int) -> float:
    """`Noop.dispatchMany`, payloads checked and encoded, ids returned."""
    current.use(_fresh(folder), load())
    payloads = [{"n": n} for n in range(jobs)]
    started = time.perf_counter()
    ids = Noop.dispatchMany(payloads)
    assert len(ids) == jobs
    return jobs / (time.perf_counter() - started)


def bare_single(folder: str, jobs: int) -> float:
    """One INSERT, one transaction, at a time."""
    _fresh(folder).close()
    db = _bare(folder)
    jobs //= 5
    row = ("benchmarks.jobs.Noop", "bench", '{"n":1}', "2026-01-01 00:00:00", 0, 0, None)
    sql = query("push", SQLITE)
    names = ("handler", "queue", "payload", "scheduled_at", "scheduled_us", "priority", "options")
    params = dict(zip(names, row, strict=True), now="2026-01-01 00:00:00")
    started = time.perf_counter()
    for _ in range(jobs):
        db.execute(sql, params)
    return jobs / (time.perf_counter() - started)


def dispatch(folder: str, jobs: int) -> float:
    """`Noop().dispatch({...})`, one by one."""
    current.use(_fresh(folder), load())
    jobs //= 5
    started = time.perf_counter()
    for n in range(jobs):
        Noop().dispatch({"n": n})
    return jobs / (time.perf_counter() - started)


def _flat(options: argparse.Namespace, folder: str) -> None:
    """The rate over 10,000 jobs, with 10,000 and with 500,000 waiting."""
    rates: dict[int, list[float]] = {10_000: [], 500_000: []}
    for _ in range(options.rounds):
        for waiting, found in rates.items():
            _filled(folder, waiting)
            engine = SqlEngine(Sqlite(DatabaseSettings(name=f"{folder}/jobs.sqlite")))
            engine.register("w", 60)
            started = time.perf_counter()
            for _ in range(10_000 // BATCH):
                claims = engine.claim("w", ["bench"], BATCH)
                engine.settle("w", [Done(claim.id, claim.fence) for claim in claims])
            found.append(10_000 / (time.perf_counter() - started))
            engine.close()
    few, many = (statistics.median(found) for found in rates.values())
    print(
        f"{'500,000 against 10,000 waiting':30} {many:,.0f}/s against {few:,.0f}/s  "
        f"ratio {many / few:.2f} (wanted 0.90)",
        flush=True,
    )


def _idle(folder: str) -> None:
    """Start-up, dispatch-to-start on an idle worker, and what idling costs."""
    engine = _fresh(folder)
    current.use(engine, load())
    with open(f"{folder}/log", "w+") as log:
        started = time.perf_counter()
        worker = start_worker(log)
        while "READY" not in Path(f"{folder}/log").read_text():
            time.sleep(0.002)
        print(f"{'start to ready':30} {time.perf_counter() - started:.3f} s (wanted 0.400)")
        time.sleep(0.5)
        before = _cpu_seconds(worker.pid)
        time.sleep(5)
        share = (_cpu_seconds(worker.pid) - before) / 5
        print(f"{'CPU while idle':30} {share:.2%} of a core (wanted 2 %)")
        file = f"{folder}/stamps"
        for _ in range(200):
            Stamp().dispatch({"file": file, "at": time.time()})
            time.sleep(0.02)
        worker.terminate()
        worker.wait()
    late = sorted(
        float(start) - float(at)
        for _pid, at, start in map(str.split, Path(file).read_text().splitlines())
    )
    print(
        f"{'dispatch to start, idle':30} p50 {late[len(late) // 2] * 1000:.2f} ms, "
        f"p99 {late[int(len(late) * 0.99)] * 1000:.2f} ms (wanted p50 5)",
        flush=True,
    )


def _processes(pid: int) -> list[int]:
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [pid, *map(int, children.stdout.split())]


def _cpu_seconds(pid: int) -> float:
    ticks = 0
    for process in _processes(pid):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory(folder: str) -> None:
    """A child's resident memory, early and after 200,000 jobs."""
    current.use(_fresh(folder), load())
    with open(f"{folder}/log", "w") as log:
        worker = start_worker(log)
        while len(_processes(worker.pid)) < 2:
            time.sleep(0.01)
        child = _processes(worker.pid)[1]
        found = []
        for _ in range(4):
            Noop.dispatchMany([{"n": n} for n in range(50_000)])
            while current.engine().stats():
                time.sleep(0.05)
            status = Path(f"/proc/{child}/status").read_text()
            found.append(int(status.split("VmRSS:")[1].split()[0]) / 1024)
        worker.terminate()
        worker.wait()
    shown = ", ".join(f"{megabytes:.1f}" for megabytes in found)
    print(f"{'a child, each 50,000 jobs':30} {shown} MB (wanted 40, flat)")


if __name__ == "__main__":
    main()

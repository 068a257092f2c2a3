"""How long each page of `lightjobs web` takes: on SQLite, PostgreSQL and Redis, with no jobs, with
one, and with a million of mixed statuses and 35 days of history.

    python -m benchmarks.pages [--jobs N] [--only sqlite,postgresql,redis] [--sizes 0,1,1000000]

For each page there is a new process, so that its first answer finds nothing prepared, and then 20
more. "cpu" is the processor time of the first answer, that of the process's other threads included;
"MB" is the most memory that the process has had. The goal is 300 ms for each answer of a page. It
is none for searches, which look at jobs for up to two seconds, nor for what programs ask, who wait
for their numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from lightjobs.engines.control import Engine
from lightjobs.engines.where import Where
from lightjobs.watching.shown_status import SHOWN
from lightjobs.web.history import PERIODS
from tests.support.environment import engine_of
from tests.support.servers.postgres import postgres_server
from tests.support.servers.redis import redis_server
from tests.support.site import Site

from . import fill

GOAL = 0.300
MORE = 20
TICKS = os.sysconf("SC_CLK_TCK")

PATHS = (
    *("/", "/queues", "/queues/queue-3", "/failed", "/workers", "/schedule", "/about", "/metrics"),
    *(f"/jobs?status={status}" for status in SHOWN),
    "/jobs?status=completed&queue=queue-3",
    "/jobs?status=failed&q=handler:Nobody",
    "/jobs?status=completed&q=payload:4711",
    *(f"/history?span={name}" for name in PERIODS),
    "/history?span=35d&queue=queue-3",
    "/api/queues/queue-3",
)
"""The addresses of the pages; that of a job is added."""


class Store(NamedTuple):
    """A running store: what tells processes where it is, and how jobs are put into it."""

    environment: Mapping[str, str]
    fill: Callable[[int], None]


class Timed(NamedTuple):
    """How one page was answered: seconds, and bytes."""

    first: float
    cpu: float
    p95: float
    memory: int


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=1_000_000, help="the largest number of jobs")
    parser.add_argument("--sizes", help="instead of 0, 1 and --jobs")
    parser.add_argument("--only", default=",".join(STORES), help=f"of {', '.join(STORES)}")
    parser.add_argument("--paths", help="only pages whose address begins with one of these")
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := sorted(set(chosen) - set(STORES)):
        parser.error(f"--only has {', '.join(unknown)}; allowed: {', '.join(STORES)}")
    sizes = [int(each) for each in (options.sizes or f"0,1,{options.jobs}").split(",")]
    for name in chosen:
        for jobs in sizes:
            with STORES[name]() as store:
                measure(name, store, jobs, tuple((options.paths or "/").split(",")))


def measure(name: str, store: Store, jobs: int, prefixes: tuple[str, ...]) -> None:
    """Fill the store and print how long each page takes."""
    began = perf_counter()
    engine = engine_of(store.environment)
    if engine.schema is not None:
        engine.schema.install()
    if jobs:
        store.fill(jobs)
        fill.others(engine)
    took = perf_counter() - began
    load = os.getloadavg()[0]
    print(f"{name}, {jobs:,} jobs, filled in {took:.0f} s; load of the machine {load:.1f}")
    print(f"{'':<42}{'first ms':>9}{'cpu ms':>8}{'p95 ms':>8}{'MB':>6}")
    slow = [
        path
        for path in (*PATHS, *_job(engine))
        if path.startswith(prefixes) and not shown(path, timed(store, path))
    ]
    engine.close()
    print(f"above the goal: {', '.join(slow) or 'none'}\n", flush=True)


def _job(engine: Engine) -> Iterator[str]:
    for status in ("failed", "new"):
        for job in engine.browse(Where(status=status), 1):
            yield f"/jobs/{job.id}"
            return


def shown(path: str, figures: Timed) -> bool:
    """Print one line; returns whether the goal is met."""
    first, cpu, p95 = (each * 1e3 for each in figures[:3])
    meets = max(figures.first, figures.p95) <= GOAL or _is_free(path)
    mark = "" if meets else "  above the goal"
    print(f"{path[:41]:<42}{first:>9.0f}{cpu:>8.0f}{p95:>8.0f}{figures.memory / 1e6:>6.0f}{mark}")
    return meets


def _is_free(path: str) -> bool:
    """Whether the goal is not for that page."""
    return path.startswith(("/metrics", "/api/")) or "q=" in path


def timed(store: Store, path: str) -> Timed:
    """Ask a new process for one page."""
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), "--no-auth", **store.environment)
        try:
            before = _cpu(site.process.pid)
            first = asked(site, path)
            cpu = _cpu(site.process.pid) - before
            times = sorted([first, *(asked(site, path) for _ in range(MORE))])
            memory = _memory(site.process.pid)
        finally:
            site.stop()
    return Timed(first, cpu, times[int(0.95 * (len(times) - 1))], memory)


def asked(site: Site, path: str) -> float:
    """The seconds until a page is there."""
    began = perf_counter()
    status, _, text = site.get(path)
    took = perf_counter() - began
    assert status == 200, (path, status, text[:500])
    return took


def _cpu(pid: int) -> float:
    """The processor time of a process in seconds."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


def _memory(pid: int) -> int:
    """The most memory that a process has had, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(found) * 1024


@contextlib.contextmanager
def _sqlite() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/jobs.sqlite"
        yield Store({"JOB_ENGINE": "database", "DB_NAME": path}, partial(fill.sqlite, path))


@contextlib.contextmanager
def _postgres() -> Iterator[Store]:
    with postgres_server(durable=True, config=["shared_buffers=128MB"]) as server:
        server.reset()
        yield Store(server.environment, partial(fill.postgres, server))


@contextlib.contextmanager
def _redis() -> Iterator[Store]:
    with redis_server() as server:
        environment = {**server.environment, "REDIS_JOB_PREFIX": "jobs:"}
        yield Store(environment, partial(fill.redis, server, "jobs:"))


STORES: Mapping[str, Callable[[], AbstractContextManager[Store]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgres,
    "redis": _redis,
}


if __name__ == "__main__":
    main()

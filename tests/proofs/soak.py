"""Everything at once on each store for half an hour: nothing is lost, and nothing grows.

    make soak
    make soak ARGS="--minutes 5 --only redis,sqlite"

Jobs of all kinds are dispatched: plain, delayed, failing with and without retries, unique, grouped,
chains, batches, with results, from a schedule, cancelled, paused. They are worked by two workers
with two children each and by one in a program; a queue is paused, failed jobs are cleaned up, and
the page is read. Every ten seconds it is noted what memory, descriptors and threads each process
has, and how large the store is. The exit status is 1 where a promise is broken:

- jobs dispatched = completed + failed on purpose + cancelled, each once, and results are right;
- the second half takes at most 5 % more memory than there was at the end of the first quarter. In a
  run of less than ten minutes that is told, but not judged: caches fill until then;
- the second half takes no more descriptors and threads than the first.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.proofs.soaking import accounts, samples
from tests.proofs.soaking.jobs import NOTES
from tests.proofs.soaking.producer import LEDGER
from tests.support.environment import engine_of, outside
from tests.support.servers.mariadb import mariadb_server
from tests.support.servers.mysql import MYSQL, mysql_server
from tests.support.servers.postgres import postgres_server
from tests.support.servers.redis import redis_server
from tests.support.servers.sql import NAME

ROOT = Path(__file__).parents[2]
PARTS = ROOT / "tests" / "proofs" / "soaking"
DOTENV = "RETAIN_COMPLETED=drop\nRETAIN_CANCELLED=drop\n"
SCHEDULE = """
from app_jobs.jobs import Slot
from lightjobs.schedule import schedule

schedule.job(Slot).payload({"n": 0}).everySeconds(2)
"""
EMBEDDED = """
import sys
import lightjobs

with lightjobs.worker(workers=2, queues=["plain", "flow"]):
    sys.stdin.read()
"""
LIGHTJOBS = ("-m", "lightjobs")
PROCESSES: dict[str, tuple[str, ...]] = {
    "worker 1": (*LIGHTJOBS, "job:work", "--workers=2", "--queue=plain,flow", "--quiet"),
    "worker 2": (*LIGHTJOBS, "job:work", "--workers=2", "--queue=flow,plain", "--quiet"),
    "embedded worker": ("-c", EMBEDDED),
    "scheduler": (*LIGHTJOBS, "schedule:work"),
    "page": (*LIGHTJOBS, "web", "--port=0"),
}
PAGES = ("/", "/queues", "/queues/plain", "/jobs", "/failed", "/batches", "/workers", "/history")
SAMPLE_SECONDS, CLEANUP_SECONDS, PAUSE_SECONDS = 10.0, 20.0, 15.0
PAUSED_SECONDS = 2.0
DRAIN_SECONDS = 180.0
JUDGED_SECONDS = 600.0
"""From which length on growing memory breaks a promise."""


class Store(NamedTuple):
    environment: Mapping[str, str]
    size: Callable[[], int]
    """In bytes."""


class Soak:
    """One store, soaked."""

    def __init__(self, folder: Path, store: Store, pause: float) -> None:
        self._folder, self._store, self._pause = folder, store, pause
        self._engine: Any = engine_of(store.environment)
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._logs = contextlib.ExitStack()
        self._rows: list[samples.Row] = []
        self._sizes: list[int] = []
        self._pages = 0

    def run(self, seconds: float) -> bool:
        """Soak for so long, and tell what came of it. Returns whether all promises were kept."""
        self._make_project()
        if self._engine.schema is not None:
            self._engine.schema.install()
        try:
            self._start()
            self._watch(seconds)
            told = self._stop("producer")
            self._stop("scheduler")
            left = self._drain()
            statuses = {name: self._stop(name)[0] for name in list(self._processes)}
        finally:
            for process in self._processes.values():
                process.kill()
                process.wait()
            self._logs.close()
        return self._judge(json.loads(told[1] or "{}"), left, statuses, seconds)

    def _make_project(self) -> None:
        jobs = self._folder / "app_jobs"
        jobs.mkdir()
        (jobs / "__init__.py").touch()
        for name in ("jobs.py", "producer.py"):
            shutil.copy(PARTS / name, jobs / name)
        (self._folder / "config").mkdir()
        (self._folder / "config" / "schedule.py").write_text(SCHEDULE)
        (self._folder / ".env").write_text(DOTENV)

    def _start(self) -> None:
        for name, arguments in PROCESSES.items():
            self._launch(name, arguments)
        link = urlsplit(self._pipe("page").readline().split()[1])
        self._address, self._token = link.netloc, parse_qs(link.query)["token"][0]
        self._launch("producer", ("-m", "app_jobs.producer", str(self._pause)))

    def _launch(self, name: str, arguments: Sequence[str]) -> None:
        log = self._logs.enter_context((self._folder / f"{name}.log").open("w"))
        self._processes[name] = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self._folder,
            env={
                **outside(str(ROOT)),
                **self._store.environment,
                NOTES: str(self._folder / "notes"),
                LEDGER: str(self._folder / "ledger"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if name in ("page", "producer") else log,
            stderr=log,
            text=True,
            start_new_session=True,
        )

    def _pipe(self, name: str) -> IO[str]:
        pipe = self._processes[name].stdout
        assert pipe is not None
        return pipe

    def _watch(self, seconds: float) -> None:
        """Sample, read the page, pause queues and clean up, until the time is over."""
        began = time.monotonic()
        dues = {
            self._sample: SAMPLE_SECONDS,
            self._clean: CLEANUP_SECONDS,
            self._hold: PAUSE_SECONDS,
        }
        next_at = {act: began + every for act, every in dues.items()}
        while time.monotonic() < began + seconds:
            for name, process in self._processes.items():
                assert process.poll() is None, f"{name} has ended:\n{self._last_words(name)}"
            for act, every in dues.items():
                if time.monotonic() >= next_at[act]:
                    act()
                    next_at[act] += every
            self._read_page()
            time.sleep(0.5)

    def _sample(self) -> None:
        roots = {name: process.pid for name, process in self._processes.items()}
        self._rows.append(samples.take(roots))
        self._sizes.append(self._store.size())

    def _clean(self) -> None:
        self._engine.cleanup(failed="remove older than 30 seconds")

    def _hold(self) -> None:
        self._engine.pause_queue("plain")
        time.sleep(PAUSED_SECONDS)
        self._engine.resume_queue("plain")

    def _read_page(self) -> None:
        path = PAGES[self._pages % len(PAGES)]
        self._pages += 1
        connection = http.client.HTTPConnection(self._address, timeout=30)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._token}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, f"{path}: {answer.status}"
        finally:
            connection.close()

    def _drain(self) -> dict[str, int]:
        """Wait until no job waits or runs. Returns how many do, by queue."""
        deadline = time.monotonic() + DRAIN_SECONDS
        left: dict[str, int] = {}
        while time.monotonic() < deadline:
            stats = self._engine.stats().items()
            left = {queue: sum(n[s] for s in ("new", "queued", "paused")) for queue, n in stats}
            if not any(left.values()):
                return {}
            time.sleep(0.5)
        return left

    def _stop(self, name: str) -> tuple[int, str]:
        """End a process gracefully. Returns its exit status and what it printed."""
        process = self._processes.pop(name)
        if name not in ("producer", "embedded worker"):
            process.terminate()
        out, _ = process.communicate(timeout=120)
        return process.returncode, out or ""

    def _last_words(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()[-2000:]

    def _judge(
        self, told: dict[str, int], left: dict[str, int], statuses: dict[str, int], seconds: float
    ) -> bool:
        cancelled = told.get("cancelled", 0)
        found = accounts.read(self._folder / "ledger", self._folder / "notes", cancelled)
        fared = samples.courses(self._rows)
        wrong = {name: count for name, count in told.items() if name.startswith("result:")}
        ends = {name: status for name, status in statuses.items() if status != 0}
        print(samples.table(fared))
        quarter, last = self._sizes[len(self._sizes) // 4], self._sizes[-1]
        print(f"the store: {quarter >> 10:,} KB at 1/4, {last >> 10:,} KB at the end")
        print(found)
        print(
            f"{told.get('results', 0)} results, {told.get('keys taken', 0)} keys taken, "
            f"{told.get('paused and resumed', 0)} jobs paused and resumed, {self._pages} pages read"
        )
        for what, names in (("results", wrong), ("left", left), ("exit statuses", ends)):
            if names:
                print(f"BROKEN: {what}: {names}")
        broken = {promise for course in fared for promise in course.broken}
        if seconds < JUDGED_SECONDS:
            broken.discard("memory")
        return found.balanced and not (wrong or left or ends or broken)


@contextlib.contextmanager
def store_of(name: str, folder: Path) -> Iterator[Store]:
    """A store of its own."""
    if name == "sqlite":
        path = folder / "jobs.sqlite"
        environment = {"JOB_ENGINE": "database", "DB_DRIVER": "sqlite", "DB_NAME": str(path)}
        yield Store(environment, lambda: sum(f.stat().st_size for f in folder.glob("jobs.sqlite*")))
    elif name == "redis":
        with redis_server() as server, server.client() as client:
            memory: Any = client.info
            yield Store(server.environment, lambda: int(memory("memory")["used_memory"]))
    elif name == "postgresql":
        with postgres_server() as served:
            sql = "SELECT pg_database_size(current_database())"
            yield Store(served.environment, lambda: int(served.query(sql)[0][0]))
    else:
        with (mysql_server if name == "mysql" else mariadb_server)() as maria:
            # MySQL's information_schema has the sizes of a day ago.
            files = maria.data / NAME
            yield Store(maria.environment, lambda: sum(f.stat().st_size for f in files.iterdir()))


def main() -> int:
    stores = ["sqlite", "redis", "postgresql", "mariadb", *MYSQL]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--only", default=",".join(stores), help="comma-separated; default: all")
    parser.add_argument("--pause", type=float, default=0.7, help="seconds between rounds of jobs")
    options = parser.parse_args()
    names = options.only.split(",")
    if unknown := set(names) - set(stores):
        parser.error(f"--only: {', '.join(unknown)}; allowed: {', '.join(stores)}")
    if options.minutes < 1:
        parser.error("--minutes: at least 1")
    kept = True
    for name in names:
        with (
            tempfile.TemporaryDirectory(prefix="soak-") as made,
            store_of(name, Path(made)) as store,
        ):
            print(f"\n{name}, {options.minutes:g} minutes", flush=True)
            kept = Soak(Path(made), store, options.pause).run(60 * options.minutes) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

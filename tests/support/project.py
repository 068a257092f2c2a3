"""A project in a folder of its own, whose `job:work` processes never outlive their test.

Jobs record what they did in a book: one line an event, appended with a single write, so that runs
can be counted across processes and crashes.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.model import NewJob
from lightjobs.payloads.encoding import encode
from lightjobs.settings.database_settings import DatabaseSettings

from .environment import outside
from .worker import COMMAND, Worker

DOTENV = "JOB_ENGINE=database\nDB_DRIVER=sqlite\nDB_NAME=jobs.sqlite\n"

BOOK = """
import os
import time

_descriptor = os.open("book.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def record(event, n):
    os.write(_descriptor, f"{event} {n} {os.getpid()} {time.monotonic():.4f}\\n".encode())
"""

WORK = """
import asyncio
import time

from lightjobs import Job

from .book import record


class Work(Job):
    def handle(self):
        record("start", self.payload["n"])
        time.sleep(self.payload.get("sleep", 0))
        record("end", self.payload["n"])


class AsyncWork(Job):
    async def handle(self):
        record("start", self.payload["n"])
        await asyncio.sleep(self.payload.get("sleep", 0))
        record("end", self.payload["n"])
"""


class Entry(NamedTuple):
    """One line of the book; `at` is CLOCK_MONOTONIC, which all processes share."""

    event: str
    n: str
    pid: int
    at: float


class Project:
    """A user's project: `.env`, `app_jobs/`, a migrated SQLite database."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "jobs.sqlite"
        self._engine = SqlEngine(Sqlite(DatabaseSettings(name=str(self.path))))
        self._workers: list[Worker] = []
        self._pythonpath = ""
        (root / ".env").write_text(DOTENV)
        (root / "app_jobs").mkdir()
        (root / "app_jobs" / "__init__.py").touch()
        self.module("book", BOOK)
        self.module("work", WORK)

    def module(self, name: str, source: str) -> Path:
        """Write `app_jobs/<name>.py`."""
        path = self.root / "app_jobs" / f"{name}.py"
        path.write_text(source)
        return path

    def jobs(self, source: str) -> None:
        """Write a module with job classes; Job, record and some of the library are imported."""
        head = "import asyncio, os, signal, sys, threading, time\n\n"
        self.module(
            "more", f"{head}from lightjobs import Job\n\nfrom .book import record\n{source}"
        )

    def patch(self, source: str) -> None:
        """Code that every process of this project runs before anything else."""
        (self.root / "sitecustomize.py").write_text(source)
        self._pythonpath = str(self.root)

    def push(
        self, name: str, *payloads: dict[str, Any], queue: str = "default", **fields: Any
    ) -> list[str]:
        """Store jobs of the class `name`, as dispatching does; returns their ids."""
        return self._engine.push(
            [NewJob(f"App\\Jobs\\{name}", queue, encode(p), **fields) for p in payloads]
        )

    def push_work(
        self, count: int, start: int = 0, queue: str = "default", **payload: Any
    ) -> list[str]:
        """Store `count` jobs of the class Work, numbered from `start`."""
        numbers = range(start, start + count)
        return self.push("Work", *({"n": n, **payload} for n in numbers), queue=queue)

    def insert(self, handler: Any, payload: Any, **fields: Any) -> str:
        """Store a row as PHP would, without asking lightjobs."""
        fields = {
            "scheduled_at": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
            "status": "new",
            "queue": "default",
            "attempts": 0,
            **fields,
            "handler": handler,
            "payload": payload,
        }
        names, marks = ", ".join(fields), ", ".join("?" * len(fields))
        with self.connection() as connection:
            sql = f"INSERT INTO jobs ({names}) VALUES ({marks})"  # noqa: S608
            return str(connection.execute(sql, tuple(fields.values())).lastrowid)

    @contextlib.contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.text_factory = lambda raw: raw.decode(errors="backslashreplace")
        try:
            yield connection
        finally:
            connection.close()

    def rows(self, where: str = "1") -> list[sqlite3.Row]:
        """The stored jobs."""
        with self.connection() as connection:
            return connection.execute(
                f"SELECT * FROM jobs WHERE {where} ORDER BY id"  # noqa: S608
            ).fetchall()

    def row(self, job_id: str) -> sqlite3.Row:
        (row,) = self.rows(f"id = {int(job_id)}")
        return row

    def statuses(self) -> dict[str, int]:
        """How many jobs there are of each status."""
        return dict(Counter(row["status"] for row in self.rows()))

    def empty(self) -> bool:
        return not self.rows()

    def book(self, event: str | None = None) -> list[Entry]:
        """What the handlers recorded, in order."""
        path = self.root / "book.txt"
        text = path.read_text() if path.exists() else ""
        words = [line.split() for line in text.splitlines()]
        entries = [Entry(w[0], w[1], int(w[2]), float(w[3])) for w in words if len(w) == 4]
        return [entry for entry in entries if event in (None, entry.event)]

    def runs(self, event: str = "start") -> dict[str, int]:
        """How often each job, by its `n`, recorded `event`."""
        return Counter(entry.n for entry in self.book(event))

    def started(self, n: object) -> bool:
        return str(n) in self.runs()

    def environment(self, **env: str) -> dict[str, str]:
        """What its processes are started with."""
        return {**outside(self._pythonpath), **env}

    def cli(
        self, *arguments: str, seconds: float = 30.0, **env: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a `lightjobs` command to its end."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.root,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=seconds,
        )

    def drain(self, *options: str, seconds: float = 60.0, **env: str) -> Worker:
        """Work until the queue is empty, and demand that this ends well."""
        worker = self.work("--stop-when-empty", *options, **env)
        assert worker.wait(seconds) == 0, worker.err
        return worker

    def work(self, *options: str, **env: str) -> Worker:
        """Start `job:work`."""
        worker = Worker(self.root, len(self._workers), options, self.environment(**env))
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        for worker in self._workers:
            worker.close()
        self._engine.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "jobs.sqlite"
    engine = SqlEngine(Sqlite(DatabaseSettings(name=str(path))))
    engine.schema.install()
    engine.close()
    return path


@pytest.fixture
def project(tmp_path: Path, migrated: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    shutil.copy(migrated, project.path)
    yield project
    project.close()

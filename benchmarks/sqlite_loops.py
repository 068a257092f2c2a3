"""What SQLite gives a Python loop over the SQL of lightjobs that does nothing else."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

from lightjobs import current
from lightjobs.engines.control import Engine
from lightjobs.engines.sql.engine import SqlEngine
from lightjobs.engines.sql.sqlite import Sqlite
from lightjobs.engines.sql.sqlite_dialect import SQLITE
from lightjobs.engines.sql.statements import query
from lightjobs.settings.database_settings import DatabaseSettings
from lightjobs.settings.settings import load

from .jobs import Noop

BATCH = 100


def fresh(folder: str) -> Engine:
    """An engine on a new file with the tables."""
    for path in Path(folder).glob("jobs.sqlite*"):
        path.unlink()
    engine = SqlEngine(Sqlite(DatabaseSettings(name=f"{folder}/jobs.sqlite")))
    engine.schema.install()
    return engine


def filled(folder: str, jobs: int) -> None:
    """A new file in which so many jobs wait."""
    engine = fresh(folder)
    current.use(engine, load())
    for start in range(0, jobs, 5000):
        Noop.dispatchMany([{"n": n} for n in range(start, min(start + 5000, jobs))])
    engine.close()


def connection(folder: str) -> sqlite3.Connection:
    """As lightjobs has it."""
    connection = sqlite3.connect(f"{folder}/jobs.sqlite", isolation_level=None)
    connection.execute("PRAGMA synchronous = normal")
    return connection


def bare_drain(folder: str, jobs: int) -> float:
    """Claim and delete in batches of 100, the worker's own SQL, and nothing else."""
    filled(folder, jobs)
    db = connection(folder)
    params = {"worker": "w", "queue": "bench", "priority": 0, "us": 0, "limit": BATCH}
    started = time.perf_counter()
    while True:
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        db.execute("BEGIN IMMEDIATE")
        rows = db.execute(
            query("claim", SQLITE), {**params, "now": now, "unix": time.time()}
        ).fetchall()
        db.execute("COMMIT")
        if not rows:
            break
        outcomes = json.dumps([row[:2] for row in rows])
        db.execute("BEGIN IMMEDIATE")
        db.execute(query("settle_done", SQLITE), {"worker": "w", "outcomes": outcomes}).fetchall()
        db.execute("COMMIT")
    return jobs / (time.perf_counter() - started)


def bare_bulk(folder: str, jobs: int) -> float:
    """executemany of ready rows, 1,000 a transaction."""
    fresh(folder).close()
    db = connection(folder)
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


def bare_single(folder: str, jobs: int) -> float:
    """One INSERT, one transaction, at a time."""
    fresh(folder).close()
    db = connection(folder)
    jobs //= 5
    row = ("benchmarks.jobs.Noop", "bench", '{"n":1}', "2026-01-01 00:00:00", 0, 0, None)
    sql = query("push", SQLITE)
    names = ("handler", "queue", "payload", "scheduled_at", "scheduled_us", "priority", "options")
    params = dict(zip(names, row, strict=True), now="2026-01-01 00:00:00")
    started = time.perf_counter()
    for _ in range(jobs):
        db.execute(sql, params)
    return jobs / (time.perf_counter() - started)

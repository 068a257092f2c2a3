"""Fills a store with jobs, workers, a schedule and 35 days of history."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from lightjobs.engines.control import Engine
from lightjobs.model import NewJob, Template
from lightjobs.notes.observed import PARTS, SAMPLE, SPANS, Rate, Running, WorkerNote
from lightjobs.notes.worker_notes import note_text
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.redis import RedisServer

QUEUES = 10
PAIRS = 50
WORKERS = 20
ENTRIES = 20
LEASE = 36_000.0
"""The workers of a run need not beat."""

_FOLDER = Path(__file__).parent
_PART = 1000
"""Jobs that one call stores in Redis."""


def sqlite(path: str, jobs: int) -> None:
    """Store jobs in the file, which has its tables."""
    connection = sqlite3.connect(path)
    sql = (_FOLDER / "fill_sqlite.sql").read_text()
    with connection:
        connection.execute(sql, {"jobs": jobs, "now": int(time.time())})
    connection.close()


def postgres(server: PostgresServer, jobs: int) -> None:
    """Store jobs in the server, whose tables are there."""
    sql = (_FOLDER / "fill_postgres.sql").read_text()
    sql = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
    server.query(sql, {"jobs": jobs, "now": int(time.time())})
    server.query("VACUUM ANALYZE jobs")


def redis(server: RedisServer, prefix: str, jobs: int) -> None:
    """Store jobs in the server."""
    with server.client() as client:
        store = client.register_script((_FOLDER / "fill_redis.lua").read_text())
        for first in range(1, jobs + 1, _PART):
            last = min(first + _PART - 1, jobs)
            store(args=[prefix, first, last, jobs, int(time.time())])


def others(engine: Engine) -> None:
    """Store workers, a schedule and a history of all spans."""
    for number in range(WORKERS):
        name = f"host-{number % 4}:{100 + number % 4}:{number}"
        engine.register(name, LEASE)
        engine.beat([name], LEASE, {name: note_text(_note(number))})
    names = [f"entry-{number}" for number in range(ENTRIES)]
    engine.schedule.enroll(names, time.time() - 60)
    template = Template(NewJob("App\\Jobs\\Handler1", "queue-1", "{}"), "0 4 * * *", "UTC")
    engine.schedule.describe(
        dict.fromkeys(names, template), dict.fromkeys(names, time.time() + 3600)
    )
    for span, kept in SPANS.items():
        present = int(time.time()) // span * span
        for bucket in range(present - kept + span, present + 1, span):
            engine.monitoring.note_rates(list(_rates(span, bucket)))


def _note(number: int) -> WorkerNote:
    now = time.time()
    running = tuple(
        Running(str(number * 4 + n), f"App\\Jobs\\Handler{n}", "queue-1", 1, now - 10 * n)
        for n in range(4)
    )
    return WorkerNote(
        host=f"host-{number % 4}",
        pid=number,
        parent=100 + number % 4,
        version="0.1.0",
        python="3.11.2",
        since=now - 3600,
        lease=LEASE,
        queues=tuple(f"queue-{n}" for n in range(QUEUES)),
        concurrency=8,
        state="working",
        memory=50_000_000,
        busy=4,
        ended={"done": 1000, "retried": 10, "released": 0, "failed": 1},
        running=running,
    )


def _rates(span: int, bucket: int) -> Iterator[Rate]:
    """What a bucket has of each pair, and the samples of the queues."""
    for pair in range(PAIRS):
        durations, waits = [0] * PARTS, [0] * PARTS
        for _ in range(8):
            durations[min(PARTS - 1, pair % 8 + random.randrange(5))] += random.randrange(span)
            waits[random.randrange(12)] += random.randrange(span)
        runs = sum(durations)
        yield Rate(
            *(span, bucket, f"queue-{pair % QUEUES}", f"App\\Jobs\\Handler{pair}"),
            done=runs - runs // 20 - runs // 100,
            retried=runs // 20,
            failed=runs // 100,
            milliseconds=runs * 73,
            durations=tuple(durations),
            waits=tuple(waits),
        )
    for queue in range(QUEUES):
        depth = random.randrange(5000)
        yield Rate(
            span, bucket, f"queue-{queue}", SAMPLE, depth=depth, latency=depth * random.random()
        )

"""Workers and runs for pages to show."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lightjobs.engines.control import Engine
from lightjobs.notes.observed import PARTS, Rate, WorkerNote
from lightjobs.notes.worker_notes import note_text

NOTE = WorkerNote(
    host="host-a",
    pid=101,
    parent=100,
    version="0.1.0",
    python="3.11.7",
    since=1.7e9,
    lease=60.0,
    queues=("mail",),
    concurrency=4,
    state="working",
    memory=50_000_000,
    busy=3,
    ended={"done": 7, "retried": 1, "failed": 0, "released": 0},
    running=(),
)


def add_worker(engine: Engine, name: str, lease: float = 60.0, **changes: Any) -> None:
    """Register a worker that has noted NOTE with `changes`."""
    engine.register(name, lease)
    note = NOTE._replace(**{"lease": lease, **changes})
    engine.beat([name], lease, {name: note_text(note)})


def patient(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let everybody wait so long for the numbers of a page."""
    for name in ("PATIENCE", "GLANCE"):
        monkeypatch.setattr(f"lightjobs.web.visit.{name}", seconds)


def add_runs(engine: Engine, queue: str, handler: str, **counts: int) -> None:
    """Note runs of this minute, each of which waited 30 ms and took 300 ms."""
    bucket = int(time.time() // 60 * 60)
    runs = sum(counts.values())
    waits, durations = ([0] * PARTS for _ in range(2))
    waits[3], durations[6] = runs, runs
    rate = Rate(60, bucket, queue, handler, **counts, milliseconds=runs * 300)
    engine.monitoring.note_rates([rate._replace(waits=tuple(waits), durations=tuple(durations))])

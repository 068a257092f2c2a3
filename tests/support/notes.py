"""What a worker notes of itself."""

from __future__ import annotations

import time
from typing import Any

from lightjobs.engines.control import Engine
from lightjobs.notes.observed import Running, WorkerNote
from lightjobs.notes.worker_notes import note_text

PAY = "App\\Jobs\\ProcessPayment"


def note_worker(engine: Engine, name: str, lease: float = 30.0, **changes: Any) -> None:
    """Register a worker that says of itself that it runs one of two jobs, or what `changes` say."""
    now = time.time()
    values: dict[str, Any] = {
        **{"host": "host-1", "pid": 7, "parent": 6, "version": "1.0", "python": "3.11.2"},
        **{"since": now - 3700, "lease": 30.0, "queues": ("mail", "idle"), "concurrency": 2},
        **{"state": "working", "memory": 50_000_000, "busy": 1, "ended": {"done": 3}},
        "running": (Running("9", PAY, "mail", 1, now - 65),),
    }
    engine.register(name, lease)
    engine.beat([name], lease, {name: note_text(WorkerNote(**{**values, **changes}))})

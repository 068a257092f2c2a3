"""Vitals and stores with a bit of everything, and what promtool says about texts."""

from __future__ import annotations

import subprocess
import time

from lightjobs.engines.memory import MemoryEngine
from lightjobs.model import Failed, NewJob, Slot
from lightjobs.notes.observed import NOTHING
from lightjobs.workers.vitals import ChildVitals, Totals, Vitals
from tests.support.notes import PAY, note_worker
from tests.support.servers.programs import need


def totals(done: int = 0, failed: int = 0, part: int = 0, seconds: float = 0.0) -> Totals:
    """Runs that all took, and had waited, as long as one part of a distribution."""
    count = done + failed
    counts = (*NOTHING[:part], count, *NOTHING[part + 1 :])
    return Totals((done, 0, failed, 0, 0, 0), seconds, counts, seconds, counts)


def some_vitals(**changes: object) -> Vitals:
    """Two children that work two queues."""
    now = time.monotonic()
    values: dict[str, object] = {
        "runs": {
            ("default", PAY): totals(done=3, failed=1, part=2, seconds=0.08),
            ("mail", "send_mail"): totals(done=1, part=15, seconds=2000.5),
        },
        "exceptions": {("default", PAY, "ValueError"): 1},
        "recovered": 2,
        "children_ended": {"killed": 1},
        "children": (
            ChildVitals("w1", 11, "working", 1000, 4, 3, 12.5, now),
            ChildVitals("w2", 12, "idle", 2000, 4, 0, 0.0, now),
        ),
        "places": 8,
        "store_up": True,
        "beat_at": now,
        "turned_at": now,
        "is_ready": True,
    }
    return Vitals(**{**values, **changes})  # type: ignore[arg-type]


def some_store() -> MemoryEngine:
    """A store with jobs of most statuses, a paused queue, a worker and a schedule."""
    engine = MemoryEngine()
    note_worker(engine, "w")
    engine.push([NewJob(PAY, "mail", "{}"), NewJob(PAY, "mail", "{}")])
    (claim, _) = engine.claim("w", ["mail"], 2)
    engine.settle("w", [Failed(claim.id, claim.fence, "ValueError: boom")])
    engine.push([NewJob(PAY, "mail", "{}", due=4e9), NewJob(PAY, "slow", "{}")])
    engine.pause_queue("slow")
    engine.schedule.enroll(["nightly", "weekly"], 1000.0)
    slots = [Slot("nightly", 2000.0, NewJob(PAY, "mail", "{}"), 3e9), Slot("weekly", 2000.0, None)]
    engine.schedule.push_slots(slots)
    engine.schedule.pause_entry("weekly")
    return engine


def promtool(*arguments: str, text: str | None = None) -> str:
    """What promtool prints. It must find nothing wrong."""
    done = subprocess.run(
        [need("promtool"), *arguments], input=text, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr

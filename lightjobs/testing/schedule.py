"""The schedule of the project in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from .. import current
from ..execution import registry
from ..process import clock
from ..schedule.entry import Entry
from ..schedule.loading import load
from ..schedule.scheduler import Scheduler
from .recording import RecordingEngine

if TYPE_CHECKING:
    from .dispatched import Dispatched
    from .jobs import Jobs


def _entries() -> list[Entry]:
    registry.load(current.settings().modules)
    return load()


def due_moments(from_: datetime, to: datetime) -> list[tuple[datetime, str]]:
    """See Jobs.schedule."""
    found = [
        (moment, entry.name)
        for entry in _entries()
        for moment in entry.slots(int(from_.timestamp()), int(to.timestamp()))
    ]
    return [(datetime.fromtimestamp(moment, UTC), name) for moment, name in sorted(found)]


def run_until(
    jobs: Jobs, engine: RecordingEngine, to: str | timedelta | datetime
) -> list[Dispatched[Any]]:
    """See Jobs.run_schedule."""
    before = len(engine.dispatched)
    entries = _entries()
    scheduler = Scheduler(engine, entries)
    start = clock.now()
    scheduler.begin(start)
    end = to.timestamp() if isinstance(to, datetime) else jobs.travel(to).timestamp()
    clock.move(start - clock.now())
    moments = {moment for entry in entries for moment in entry.slots(int(start), int(end))}
    for moment in [*sorted(moments), end]:
        clock.move(max(0.0, moment - clock.now()))
        scheduler.dispatch(clock.now())
    return engine.dispatched[before:]

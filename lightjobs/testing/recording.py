"""The engine of a test: the memory engine, which also remembers each job that was dispatched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from ..engines.memory import MemoryEngine
from ..engines.unstored import new_id
from ..model import NewJob
from ..process import clock
from .dispatched import Dispatched, recorded


class Mode(Enum):
    """What becomes of a job that is dispatched."""

    KEPT = "kept"
    """It waits until the test has it run."""
    RECORDED = "recorded"
    """It is remembered and never runs."""
    INLINE = "inline"
    """It is run before the dispatch returns, as often as it asks to be repeated at once."""


class RecordingEngine(MemoryEngine):
    """Keeps jobs in memory and remembers what was dispatched."""

    def __init__(self, run_all: Callable[[], object]) -> None:
        """`run_all` runs what is due; it is called after each dispatch in Mode.INLINE."""
        super().__init__()
        self.dispatched: list[Dispatched[Any]] = []
        """All jobs that were dispatched, in order."""
        self.mode = Mode.KEPT
        self._run_all = run_all

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        now = clock.now()
        keeps = self.mode is not Mode.RECORDED
        ids = super().push(jobs) if keeps else [new_id() for _job in jobs]
        self.dispatched += [recorded(id, job, now) for id, job in zip(ids, jobs, strict=True)]
        if self.mode is Mode.INLINE:
            self._run_all()
        return ids

"""Sends what running jobs tell of their progress to the store, next to them: `progress()` itself
only notes it."""

from __future__ import annotations

import time

from ..engines.control import Engine
from ..engines.result_store import Key
from ..errors import LightjobsError
from ..notes.run_notes import Progress, progress_text
from .in_flight import InFlight

TELL_SECONDS = 1.0
"""The time between two looks at what running jobs have told."""


class ToldProgress:
    """What has been told of the runs of one worker, and what is to be."""

    def __init__(self, engine: Engine, worker: str, in_flight: InFlight) -> None:
        self._engine = engine
        self._worker = worker
        self._in_flight = in_flight
        self._sent: dict[Key, Progress] = {}
        self._next_at = 0.0

    def check(self) -> None:
        """Send what has changed, if it is time to. What the store does not take is sent with what
        follows."""
        now = time.monotonic()
        if now < self._next_at or not self._in_flight.running:
            return
        self._next_at = now + TELL_SECONDS
        told = self._told()
        new = {key: progress for key, progress in told.items() if self._sent.get(key) != progress}
        if new:
            notes = {key: progress_text(progress) for key, progress in new.items()}
            try:
                self._engine.results.note_progress(self._worker, notes)
            except LightjobsError:  # the loop meets the same error and reports it
                return
        self._sent = told

    def _told(self) -> dict[Key, Progress]:
        """What the running jobs have told last."""
        found: dict[Key, Progress] = {}
        for run in list(self._in_flight.running.values()):
            progress = None if run.context is None else run.context.told_progress
            if progress is not None:
                found[run.claim[:2]] = progress
        return found

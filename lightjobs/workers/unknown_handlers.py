"""Handlers that this worker does not know.

In a rolling deployment, a job of a new class may reach a worker that still runs the old code. The
job goes back, at no cost, for a worker that knows it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence, Set
from datetime import UTC, datetime

from ..engines.control import Engine
from ..errors import StoreUnavailable
from ..execution import registry
from ..execution.run import Run
from ..text import shortened

SKIP_SECONDS = 60.0
"""How long a worker claims no job of a handler that it does not know. Then it looks whether one of
these jobs has waited for too long."""

_log = logging.getLogger("lightjobs.worker")


class UnknownHandlers:
    """Notes which handlers are unknown here."""

    def __init__(self, engine: Engine, wait_seconds: float) -> None:
        """`wait_seconds` is how long a job waits for a worker that knows its handler. After that it
        is run here, which fails it."""
        self._engine = engine
        self._wait_seconds = wait_seconds
        self._until: dict[str, float] = {}
        """When to claim a handler's jobs again, by the monotonic clock."""
        self._incomparable: set[str] = set()

    def skipped(self) -> Sequence[str]:
        """The handlers whose jobs are not to be claimed now."""
        if not self._until:  # nearly always
            return ()
        now = time.monotonic()
        for handler, until in list(self._until.items()):
            if until <= now or registry.is_known(handler):
                del self._until[handler]
        return tuple(self._until)

    def note_claimed(self, handlers: Set[str]) -> None:
        """Note skipped handlers whose jobs were claimed all the same: the store cannot compare
        their names, which are not text. Their jobs do not wait, or they would be claimed again and
        again."""
        self._incomparable |= handlers

    def is_to_wait(self, run: Run) -> bool:
        """Whether the job of `run`, whose handler is unknown here, goes back to its queue."""
        handler = run.claim.handler
        if not _is_text(handler) or handler in self._incomparable or self._has_waited(run):
            return False
        if handler not in self._until:
            _log.warning(
                'no Job class is registered for the handler "%s": its jobs wait for a worker that '
                "knows it, and fail after %g s",
                shortened(handler),
                self._wait_seconds,
                extra={"job_id": run.claim.id, "job_handler": handler},
            )
        self._until[handler] = time.monotonic() + SKIP_SECONDS
        return True

    def _has_waited(self, run: Run) -> bool:
        """Whether the job has been due for longer than it may wait. A claim has only the time of
        its dispatch; the job is looked up when that is long ago."""
        if not self._wait_seconds:
            return True
        now = time.time()
        if now - _moment(run.claim.created_at) <= self._wait_seconds:
            return False
        try:
            job = self._engine.find(run.claim.id)
        except StoreUnavailable:
            return False
        return job is None or now - _moment(job.scheduled_at) > self._wait_seconds


def _is_text(handler: str) -> bool:
    """Whether the name can be sent to the store again: PHP may store any bytes."""
    try:
        handler.encode()
    except UnicodeEncodeError:
        return False
    return True


def _moment(text: str) -> float:
    """A stored time in unix seconds; 0.0 for a text that is none, which counts as long ago."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0

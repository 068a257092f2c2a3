"""The ready-made job that cleans up: dispatch or schedule it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict

from .current import engine
from .engines.cleanup_plan import GROUPS, step
from .errors import PayloadError
from .execution import registry
from .job_class import Job
from .model import NewJob


class Cleanup(TypedDict, total=False):
    """What `Engine.cleanup` takes, but for the jobs that are being processed: this is one."""

    pending: str
    completed: str
    failed: str
    cancelled: str
    paused: str
    queue: str
    handler: str
    dry_run: bool


class CleanupJob(Job):
    """Calls `Engine.cleanup` with its payload:
    `CleanupJob().dispatch({"failed": "remove older than 30 days"})`. A handler may be given by its
    class name."""

    attempts = 3
    retryAfter = "+1 minute"  # the store may be away
    payload: Cleanup

    def handle(self) -> dict[str, int]:
        """Returns how many jobs of each group were touched."""
        _check(self.payload)
        payload: dict[str, Any] = dict(self.payload)
        if "handler" in payload:
            payload["handler"] = registry.stored(payload["handler"])
        touched = engine().cleanup(**payload)
        self.context.logger.info("cleaned up", extra={"touched": touched})
        return touched

    def _new_jobs(self, payloads: Iterable[Any]) -> list[NewJob]:
        payloads = list(payloads)
        for payload in payloads:
            _check(payload)
        return super()._new_jobs(payloads)


def _check(payload: Any) -> None:
    """Raises PayloadError for what is no action: a slip of the pen is told at dispatch, and no
    further attempt mends it."""
    for group in GROUPS:
        if isinstance(payload, dict) and group in payload and group != "processing":
            try:
                step(group, payload[group])
            except ValueError as error:
                raise PayloadError(f"payload: {error}") from None

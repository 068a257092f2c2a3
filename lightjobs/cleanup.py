"""The ready-made job that removes or reruns old jobs: dispatch or schedule it."""

from __future__ import annotations

from typing import Any, TypedDict

from .current import engine
from .engines.cleanup_plan import GROUPS, step
from .errors import PayloadError
from .execution import registry
from .job_class import Job
from .payloads.build import Builder
from .payloads.typed import Typed


class Cleanup(TypedDict, total=False):
    """The arguments of `Engine.cleanup`, without `processing`: the cleanup is itself being
    processed."""

    pending: str
    completed: str
    failed: str
    cancelled: str
    paused: str
    queue: str
    handler: str
    dry_run: bool


class _CleanupPayload(Typed):
    """Also checks the actions. A wrong one is refused at dispatch, and in a stored job it fails the
    job for good, since no further attempt could succeed."""

    def dump(self, payload: Any) -> Any:
        _check(payload)
        return super().dump(payload)

    def load(self, payload: dict[str, Any]) -> Any:
        _check(payload)
        return super().load(payload)


def _check(payload: Any) -> None:
    for group in GROUPS:
        if isinstance(payload, dict) and group in payload and group != "processing":
            try:
                step(group, payload[group])
            except ValueError as error:
                raise PayloadError(f"payload: {error}") from None


class CleanupJob(Job):
    """Calls `Engine.cleanup` with its payload:
    `CleanupJob().dispatch({"failed": "remove older than 30 days"})`. `handler` may be the name of a
    class instead."""

    attempts = 3
    retryAfter = "+1 minute"  # the store may be unavailable
    payload: Cleanup
    _typed = _CleanupPayload(Builder().build(Cleanup, "CleanupJob.payload"))

    def handle(self) -> dict[str, int]:
        """Clean up. Returns how many jobs of each group were removed or rerun."""
        payload: dict[str, Any] = dict(self.payload)
        if "handler" in payload:
            payload["handler"] = registry.stored(payload["handler"])
        touched = engine().cleanup(**payload)
        self.context.logger.info("cleaned up", extra={"touched": touched})
        return touched

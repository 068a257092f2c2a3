"""The words for a job's status that people are shown, and what is stored for each."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Status, Stored, utc_text

SHOWN: Mapping[str, Status] = {
    "running": Status.QUEUED,
    "waiting": Status.NEW,
    "delayed": Status.NEW,
    "paused": Status.PAUSED,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "completed": Status.COMPLETED,
}
"""The statuses that people are shown, in the order of lists, and what is stored for each."""


def counts_shown(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts of one queue, as `stats` returns them, by the words that people are shown."""
    delayed = counts.get("delayed", 0)
    found = {shown: counts.get(stored, 0) for shown, stored in SHOWN.items()}
    return {**found, "waiting": max(0, found["waiting"] - delayed), "delayed": delayed}


def shown_status(job: Stored, now: float) -> str:
    """The status of `job` in the word that people are shown. A status that this version does not
    know is shown as it is stored."""
    if job.status == Status.NEW and job.scheduled_at > utc_text(now):
        return "delayed"
    return next((shown for shown, stored in SHOWN.items() if stored == job.status), job.status)

"""What people are shown of the ties between jobs: keys that are held, and batches."""

from __future__ import annotations

from ..engines.control import Engine
from ..model import KeyHolder, Stored, StoredBatch


def other_holder(engine: Engine, job: Stored) -> KeyHolder | None:
    """The job that holds the key of `job`; None if that is `job` itself, or nobody, or if it has
    no key."""
    holder = None if job.unique_key is None else engine.unique.holder(job.unique_key)
    return None if holder is None or holder.job_id == job.id else holder


def batch_state(batch: StoredBatch) -> str:
    """How a batch stands, in one word: "waiting" until something of it has begun, "running" until
    it has ended, then "done", "failed" or "cancelled", by the worst that became of a part of it. A
    batch that was cancelled as a whole is "cancelled" at once."""
    if batch.cancelled_at is not None:
        return "cancelled"
    if batch.ended_at is None:
        return "waiting" if batch.waiting == batch.total else "running"
    if batch.failed:
        return "failed"
    return "cancelled" if batch.cancelled else "done"

"""The parameters and rows of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...model import Flow, NewJob, utc_text

Row = tuple[Any, ...]
Params = Mapping[str, Any]

NO_TIES = Flow()
"""The ties of a job that has none."""

NO_KEY = (None, None, None, None)
"""The fields of the Unique of such a job."""

TIES = ("unique_key", "unique_scope", "unique_seconds", "group_key", "group_limit", "batch_id")
"""The parameters that `tied_row` adds, in order."""


def new_row(job: NewJob) -> dict[str, Any]:
    """The parameters of `push.sql`, in the order of `push_many.sql`."""
    scheduled_at, us = (None, 0) if job.due is None else moment(job.due)
    return {
        "handler": job.handler,
        "queue": job.queue,
        "payload": job.payload,
        "scheduled_at": scheduled_at,
        "scheduled_us": us,
        "priority": job.priority,
        "options": job.options,
    }


def tied_row(job: NewJob) -> dict[str, Any]:
    """The parameters of `push_tied.sql`, in the order of `push_many_tied.sql`: for a job that is
    tied to others, or is pushed together with one that is."""
    scheduled_at, us = (None, 0) if job.due is None else moment(job.due)
    unique, group, group_limit, batch = job.flow or NO_TIES
    key, scope, seconds, _ = unique or NO_KEY
    return {
        "handler": job.handler,
        "queue": job.queue,
        "payload": job.payload,
        "scheduled_at": scheduled_at,
        "scheduled_us": us,
        "priority": job.priority,
        "options": job.options,
        "unique_key": key,
        "unique_scope": scope,
        "unique_seconds": seconds,
        "group_key": group,
        "group_limit": group_limit,
        "batch_id": batch,
    }


def inserting(rows: Sequence[Params], name: str = "push") -> str:
    """The statement of verb `name`, or the one for rows that `tied_row` has made."""
    return f"{name}_tied" if "batch_id" in rows[0] else name


def moment(seconds: float) -> tuple[str, int]:
    """A unix time as it is stored: text in whole seconds, and the microseconds beyond."""
    return utc_text(seconds), int(seconds % 1 * 1_000_000)

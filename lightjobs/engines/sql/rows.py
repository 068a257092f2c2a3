"""The parameters and rows of statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...model import NewJob, utc_text

Row = tuple[Any, ...]
Params = Mapping[str, Any]


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


def moment(seconds: float) -> tuple[str, int]:
    """A unix time as it is stored: text in whole seconds, and the microseconds beyond."""
    return utc_text(seconds), int(seconds % 1 * 1_000_000)

"""A job as lists and its own page show it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ...model import PRIORITIES, Stored
from ...notes.attempt_errors import UNREADABLE
from ...watching.shown_status import shown_status
from .search import class_name

_PRIORITIES = {number: name for name, number in PRIORITIES.items()}

LINE_LENGTH = 200


def options_of(job: Stored) -> Mapping[str, Any]:
    """The options that are stored with `job`; none if they cannot be read."""
    try:
        found = json.loads(job.options or "{}")
    except UNREADABLE:
        return {}
    return found if isinstance(found, dict) else {}


def first_line(text: str | None) -> str | None:
    """The first line of an error, cut to LINE_LENGTH characters."""
    if not text:
        return None
    line = text.lstrip().partition("\n")[0]
    return line if len(line) <= LINE_LENGTH else line[: LINE_LENGTH - 1] + "…"


def row(job: Stored, now: float) -> dict[str, Any]:
    """`job` without its payload, its errors and its options."""
    attempts = options_of(job).get("attempts")
    return {
        "id": job.id,
        "handler": job.handler,
        "class": class_name(job.handler),
        "queue": job.queue,
        "status": shown_status(job, now),
        "stored_status": str(job.status),
        "attempts": job.attempts,
        "most_attempts": attempts if type(attempts) is int else None,
        "priority": job.priority,
        "priority_name": _PRIORITIES.get(job.priority, str(job.priority)),
        "created_at": job.created_at,
        "due_at": job.scheduled_at,
        "ended_at": job.failed_at,
        "worker": job.worker,
        "error": first_line(job.exception),
    }

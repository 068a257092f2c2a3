"""The deadlines of a job: `expires`, by which it must have been started, and `retryUntil`, after
which none of its runs begins.

They are counted from the dispatch and stored with the job as moments. A job that was not dispatched
here, as by PHP, has those of its class, counted from its creation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ..errors import JobDefinitionError
from ..model import EXPIRES_OPTION, RETRY_UNTIL_OPTION, utc_text
from ..process import clock
from . import delay
from .delay import Delay

Deadline = Delay | None
"""As a Delay; None: no deadline."""

DEADLINES = {"expires": EXPIRES_OPTION, "retryUntil": RETRY_UNTIL_OPTION}
"""For each attribute of a job the name in its options."""

ALLOWED = f"{delay.ALLOWED}; None"


def is_deadline(value: object) -> bool:
    """Whether `value` is a Deadline. Raises ValueError for text that PHP cannot read."""
    return value is None or delay.is_delay(value)


def has_any(job: Any) -> bool:
    """Whether a job, or a class of jobs, has a deadline or a method that may decide one."""
    return job.expires is not None or job.retryUntil is not None


def moments(job: Any, due: float | None) -> dict[str, float | None]:
    """What is stored with a job that is dispatched now and is due at `due`, None for now: unix
    seconds, or None where this one job has no deadline though its class has. Raises
    JobDefinitionError for a job that would expire before it is due."""
    found: dict[str, float | None] = {}
    for name, option in DEADLINES.items():
        value: Deadline = getattr(job, name)
        if value is not None:
            found[option] = delay.due(value) or clock.now()
        elif getattr(type(job), name) is not None:
            found[option] = None
    expires = found.get(EXPIRES_OPTION)
    if due is not None and expires is not None and expires < due:
        raise JobDefinitionError(
            f"{type(job).__name__} would expire before it is due: {utc_text(expires)} UTC is "
            f"before {utc_text(due)} UTC; allowed: an `expires` after the `delay`, since both count"
            " from the dispatch"
        )
    return found


def restore(job: Any, options: Mapping[str, Any]) -> None:
    """Set on a job object the deadlines that `moments` gave."""
    for name, option in DEADLINES.items():
        if option in options:
            moment = options[option]
            value = None if moment is None else datetime.fromtimestamp(moment, UTC)
            job.__dict__.update({name: value, "_has_deadlines": True})

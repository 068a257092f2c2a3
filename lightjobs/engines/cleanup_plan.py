"""What a cleanup does to the jobs of each status."""

from __future__ import annotations

from typing import NamedTuple

from ..model import Status
from ..settings.duration import ago

GROUPS = {
    "pending": Status.NEW,
    "processing": Status.QUEUED,
    "completed": Status.COMPLETED,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "paused": Status.PAUSED,
}
"""What a cleanup calls the jobs of each status; Hummingbird's names."""

ALLOWED = "nothing, rerun, remove, remove older than AGE"

_RERUN = {
    Status.QUEUED: "requeue",
    Status.COMPLETED: "rerun",
    Status.FAILED: "retry",
    Status.CANCELLED: "rerun",
    Status.PAUSED: "resume",
}
_OLDER = "remove older than "


class Step(NamedTuple):
    """One part of a cleanup: a move by name, or None to delete."""

    group: str
    status: str
    move: str | None
    before: float | None


def step(group: str, action: str) -> Step | None:
    """The step that `action`, one of ALLOWED, asks for; None when there is nothing to do. Waiting
    jobs run anyway: to rerun those is nothing. Raises ValueError."""
    status = GROUPS[group]
    if not isinstance(action, str):
        raise ValueError(f"{group} is {action!r}; allowed: {ALLOWED}")
    if action == "nothing":
        return None
    if action == "rerun":
        move = _RERUN.get(status)
        return None if move is None else Step(group, status, move, None)
    before = None
    if action.startswith(_OLDER):
        try:
            before = ago(action.removeprefix(_OLDER))
        except ValueError as error:
            raise ValueError(f"{group} is {action!r}: {error}") from None
    elif action != "remove":
        raise ValueError(f"{group} is {action!r}; allowed: {ALLOWED}")
    # What a worker holds cannot be deleted under its hands; cancelled, it goes when let go of,
    # unless cancelled jobs are kept.
    return Step(group, status, "cancel" if status == Status.QUEUED else None, before)

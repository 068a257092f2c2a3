"""What a cleanup does to the jobs of each status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..errors import LightjobsError
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
"""What a cleanup calls the jobs of each status: Hummingbird's names."""

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

    status: Status
    move: str | None
    before: float | None


def plan(actions: Mapping[str, str]) -> dict[str, Step | None]:
    """The step for each group of `actions` whose action is not "nothing", in the order of GROUPS;
    None where there is nothing to do all the same. Raises LightjobsError for an unknown group or
    action."""
    for group in actions:
        if group not in GROUPS:
            raise LightjobsError(f"cleanup of {group!r}; allowed: {', '.join(GROUPS)}")
    wanted = {
        group: actions[group] for group in GROUPS if actions.get(group, "nothing") != "nothing"
    }
    try:
        return {group: step(group, action) for group, action in wanted.items()}
    except ValueError as error:
        raise LightjobsError(str(error)) from None


def step(group: str, action: str) -> Step | None:
    """The step that `action`, one of ALLOWED, asks for; None when there is nothing to do: waiting
    jobs run anyway, so to rerun those is nothing. Raises ValueError for any other action."""
    status = GROUPS[group]
    if not isinstance(action, str):
        raise ValueError(f"{group} is {action!r}; allowed: {ALLOWED}")
    if action == "nothing":
        return None
    if action == "rerun":
        move = _RERUN.get(status)
        return None if move is None else Step(status, move, None)
    before = None
    if action.startswith(_OLDER):
        try:
            before = ago(action.removeprefix(_OLDER))
        except ValueError as error:
            raise ValueError(f"{group} is {action!r}: {error}") from None
    elif action != "remove":
        raise ValueError(f"{group} is {action!r}; allowed: {ALLOWED}")
    # What a worker holds cannot be deleted from under it. Cancelled, it goes when it is let go of,
    # unless cancelled jobs are kept.
    return Step(status, "cancel" if status == Status.QUEUED else None, before)

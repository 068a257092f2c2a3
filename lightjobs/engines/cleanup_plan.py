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
"""The status of the jobs in each group of a cleanup. The names of the groups are Hummingbird's."""

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
    None where the action needs no step. Raises LightjobsError for an unknown group or
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
    """The step for `action`, one of ALLOWED; None when there is nothing to do, which includes
    rerunning jobs that wait: they will run anyway. Raises ValueError for any other action."""
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
    # A job cannot be deleted while a worker holds it. Once cancelled, it is deleted when the worker
    # lets go of it, unless cancelled jobs are kept.
    return Step(status, "cancel" if status == Status.QUEUED else None, before)

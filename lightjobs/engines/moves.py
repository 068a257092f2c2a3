"""The changes of status that people may make: one table, and the check against it."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import LightjobsError
from ..model import Status
from .where import EVERYWHERE, Where


class Move(NamedTuple):
    """A legal change of status by hand: from any of `sources` to `target`."""

    sources: tuple[Status, ...]
    target: Status
    fresh: bool = False
    """Whether the job becomes like a new one: due now, no attempts, recoveries, exception or
    failed_at. Otherwise its due time, priority and attempts are kept."""


MOVES = {
    "retry": Move((Status.FAILED,), Status.NEW, fresh=True),
    "rerun": Move((Status.COMPLETED, Status.CANCELLED), Status.NEW, fresh=True),
    "cancel": Move((Status.NEW, Status.PAUSED, Status.QUEUED), Status.CANCELLED),
    "pause": Move((Status.NEW,), Status.PAUSED),
    "resume": Move((Status.PAUSED,), Status.NEW),
    "requeue": Move((Status.QUEUED,), Status.NEW),
}
"""The moves by name. Anything that is not listed here is refused. A move that cuts off a run raises
the job's fence, so that the outcome of that run is refused."""

MOST_SPREAD = 86_400
"""The most seconds over which jobs that become like new ones are spread."""

ENDED = (Status.FAILED, Status.COMPLETED, Status.CANCELLED)
"""The statuses of jobs that will not run again; such jobs have a `failed_at`, the time they ended.
"""

PURGEABLE = (*ENDED, Status.NEW, Status.PAUSED)
"""The statuses of jobs that `purge` may delete: every status but that of claimed jobs."""


def legal_move(name: str, where: Where = EVERYWHERE, spread: int = 0) -> Move:
    """The move called `name`, restricted to the sources that `where` allows. Raises LightjobsError
    for a name that is not in MOVES, and for a `spread` that it cannot have."""
    if name not in MOVES:
        raise LightjobsError(f"there is no move {name!r}; allowed: {', '.join(MOVES)}")
    move = MOVES[name]
    if not 0 <= spread <= MOST_SPREAD or (spread and not move.fresh):
        allowed = f"0 to {MOST_SPREAD}" if move.fresh else "0, because it keeps the due time"
        raise LightjobsError(f"spread of the move {name!r} is {spread}; allowed: {allowed}")
    if where.status is None:
        return move
    return move._replace(sources=tuple(s for s in move.sources if s == where.status))


def legal_purge(where: Where) -> str:
    """The status in `where`, if jobs with it may be deleted. Raises LightjobsError otherwise."""
    status = where.needed_status()
    if status not in PURGEABLE:
        raise LightjobsError(
            f"jobs that are {status!r} are not purged; allowed: {', '.join(PURGEABLE)}"
        )
    return status

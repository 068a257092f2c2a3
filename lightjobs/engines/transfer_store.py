"""What a store does for jobs that are transferred to another one: see `transfer.py`."""

from __future__ import annotations

import calendar
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ..errors import LightjobsError
from ..model import Flow, Status, Stored, Unique
from ..text import shortened

MOVABLE = (Status.NEW, Status.PAUSED, Status.FAILED, Status.COMPLETED, Status.CANCELLED)
"""The statuses of jobs that can be transferred: all but that of running jobs."""

MOVING = "moving "
"""What comes before the status of a job that is on its way."""

STAYING = "staying "
"""What comes before the status of a job that cannot be transferred, until the transfer ends."""


class Transfer(NamedTuple):
    """A transfer of jobs from a store, as that store has noted it."""

    id: str
    target: str
    """What people call the store to which the jobs go."""


class Departure(NamedTuple):
    """A job that is on its way to another store."""

    job: Stored
    """As it is stored, but with the status that it had before."""
    due: float | None
    """When it is due, in unix seconds with their fraction; None if its time cannot be read."""
    flow: Flow | None = None
    """Its key and its group, if it has any."""
    key_seconds: float | None = None
    """For how much longer it holds its key; None if it holds none."""
    unknown: tuple[str, ...] = ()
    """The names of what the store keeps of it and this version does not know."""


class TransferEnded(LightjobsError):
    """Another process has ended this transfer."""


class TransferStore(ABC):
    """The part of a store for transfers, reached as `engine.transfers`.

    A transfer numbers the jobs that it takes to the other store: those that are on their way come
    after those that have left. The source counts the jobs that have left, and the target those that
    have arrived. So a job arrives once, however often and by however many processes it is sent.

    All verbs may be repeated: a call whose answer was lost does no harm.
    """

    # In the store that jobs leave.

    @abstractmethod
    def begin(self, transfer: str, target: str) -> Transfer:
        """Note a transfer with the id `transfer` to the store that people call `target`, and return
        it. If there is one already, that one is returned and nothing is noted."""

    @abstractmethod
    def take(self, transfer: str, status: str, queue: str | None, most: int) -> int:
        """Take up to `most` jobs that have `status`, one of MOVABLE, in `queue` or any queue, those
        that would be claimed first before others. From then on they are on their way: no worker
        gets them, and no command finds them by their status. Returns their number; fewer than
        `most` means that no more were found. Jobs that a worker holds are not taken.

        Jobs of a batch are not taken either: their batch counts them.

        Raises TransferEnded if the transfer is not noted, or is closed."""

    @abstractmethod
    def batched(self, status: str, queue: str | None) -> list[str]:
        """The ids of the jobs that `take` leaves because they are part of a batch."""

    @abstractmethod
    def taken(self, transfer: str) -> tuple[int, list[Departure]]:
        """How many jobs have left, and the jobs that are on their way, in an order that does not
        change. Both are seen at the same moment."""

    @abstractmethod
    def leave(self, transfer: str, ids: Sequence[str]) -> None:
        """Delete those of the jobs that are on their way, and count them as left. Keys that they
        hold are free from then on, whatever their scope."""

    @abstractmethod
    def stay(self, transfer: str, ids: Sequence[str]) -> None:
        """Let those of the jobs that are on their way wait for the end of the transfer."""

    @abstractmethod
    def close(self, transfer: str) -> None:
        """Take no more jobs for this transfer, whoever tries."""

    @abstractmethod
    def end(self, transfer: str) -> int:
        """Put the jobs that stay back to where they were, and forget the transfer. Returns the
        number of jobs."""

    # In the store where they arrive.

    @abstractmethod
    def expect(self, transfer: str) -> None:
        """Accept jobs of this transfer from now on."""

    @abstractmethod
    def arrive(self, transfer: str, first: int, jobs: Sequence[Departure]) -> bool:
        """Store jobs with all that is known of them, all or none, except for those that have
        arrived before; the first has the number `first`, which counts from 0. They get ids of this
        store. A job that holds a key takes it here, for as long as it would have held it. Returns
        False, and stores nothing, if the transfer is not expected here. Raises LightjobsError, and
        stores nothing, when another job holds one of the keys."""

    @abstractmethod
    def forget(self, transfer: str) -> bool:
        """Accept no more jobs of this transfer. Returns whether it was expected."""


def arriving(arrived: int, first: int, jobs: Sequence[Departure]) -> Sequence[Departure]:
    """Those of the jobs that are new to a store in which `arrived` jobs have arrived. Raises
    LightjobsError when jobs before them are missing."""
    if first > arrived:
        raise LightjobsError(f"job {first} of a transfer was sent after job {arrived - 1}")
    return jobs[arrived - first :]


def ties(
    job: Stored, scope: str | None, seconds: float | None, group_limit: int | None
) -> Flow | None:
    """The ties of a job, of which `Stored` has a part."""
    unique = None
    if job.unique_key is not None and scope is not None and seconds is not None:
        unique = Unique(job.unique_key, scope, seconds)
    return None if unique is None and job.group is None else Flow(unique, job.group, group_limit)


def key_held(key: str, job_id: str) -> LightjobsError:
    """The error for a job that cannot arrive because the job `job_id` holds its key."""
    return LightjobsError(f"its key {shortened(key, 100)} is held by job {job_id} there")


@lru_cache(maxsize=1024)
def unix(moment: str | None) -> float | None:
    """A stored time in unix seconds; None for what is no time."""
    try:
        return float(calendar.timegm(time.strptime(moment or "", "%Y-%m-%d %H:%M:%S")))
    except (ValueError, TypeError):
        return None


def is_under_way(status: str) -> bool:
    """Whether a job with that status has been taken for a transfer."""
    return status.startswith((MOVING, STAYING))

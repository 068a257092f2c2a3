"""Whether a store agrees with itself: what no verb leaves behind, but people, other programs, lost
files and restored backups do."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

LOOK_AGAIN_SECONDS = 1.0
"""A fault counts only if it is seen again, unchanged, after this time. PHP's workers change a job
and its set one after the other, and recovering a worker with many jobs takes several steps: what is
just being done must not be taken for a fault."""

AHEAD_SECONDS = 86_400.0
"""A moment that has been noted and lies further ahead than this is taken for the trace of a clock
that was wrong."""

LATE_SECONDS = 60.0
"""A worker counts as dead here when its lease ran out that long ago. Until then it may come back,
and where another worker is alive, that one has recovered its jobs by then."""

LEASE_SECONDS = 30.0
"""The lease that `recover_dead` goes by. Half of it passes before anything is recovered."""

FAULTS = {
    "unlisted": ("in no set for their status", "put into it"),
    "stale_entry": (
        "in a set although the job is gone, or has another status or queue",
        "taken out of it",
    ),
    "unknown_queue": ("in a queue that is not listed", "the queue is listed"),
    "unknown_worker": ("held by a worker that does not exist", "taken from it, to be run again"),
    "dead_worker": (
        "workers that died holding jobs, while no other was there to recover them",
        "recovered",
    ),
    "unheld": ("claimed, but not among what their worker holds", "added to it"),
    "workerless": ("claimed without a worker", "put back"),
    "stale_held": ("workers that hold jobs and do not exist", "forgotten"),
    "unknown_status": ("in a status that does not exist", "failed, or set aside on Redis"),
    "unknown_priority": ("waiting with a priority that no claim looks for", "given the normal one"),
    "endless": ("ended without the time of their end, so never deleted", "ended now"),
    "wrong_count": ("counters of a queue that are wrong", "counted anew"),
    "slot_ahead": (
        "entries of the schedule whose last moment lies ahead, so that nothing is dispatched",
        "set to the present",
    ),
    "sweep_ahead": (
        "searches for dead workers that are put off, or not noted at all",
        "searched for from now on",
    ),
}
"""The kinds of faults: what is wrong with how many, and what mending them does."""


class Finding(NamedTuple):
    """The faults of one kind."""

    kind: str
    """A key of FAULTS."""
    names: list[str]
    """The ids of the jobs, or the names of the workers, entries or counters."""
    mended: int
    """How many of them have been mended."""


class ConsistencyStore(ABC):
    """A store's own part in finding and mending faults, reached as `engine.consistency`."""

    @abstractmethod
    def verify(self, fix: bool) -> list[Finding]:
        """Find faults, in the order of FAULTS, and with `fix` mend them. Safe while workers run:
        what they or PHP's workers are just doing is neither found nor mended."""


def recover_dead(recover: Callable[[None, float], int], are_left: Callable[[], bool]) -> None:
    """Recover the jobs of dead workers, by the rule for everybody: if nobody has looked for them
    for longer than a lease, the store may have been away, and living workers get half a lease to
    beat first. Returns when none `are_left`, or after a lease."""
    until = time.monotonic() + LEASE_SECONDS
    while are_left() and time.monotonic() < until:
        recover(None, LEASE_SECONDS)
        time.sleep(LEASE_SECONDS / 60)


def findings(names: dict[str, list[str]], mended: dict[str, int]) -> list[Finding]:
    """The findings, in the order of FAULTS, from the names and the numbers of each kind."""
    return [Finding(kind, names[kind], mended.get(kind, 0)) for kind in FAULTS if names.get(kind)]

"""The claims a child holds, from claim to settlement, shared by the threads of the child.

Three deques, whose append and pop are atomic, instead of a lock: the thread that runs handlers
passes here twice a job, and the keeper may look in at any moment.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..execution.run import Run, TimeoutWatch
from ..model import Claim
from .shared.journal import Journal


class Ticket(NamedTuple):
    """A claim and its slot in the journal."""

    claim: Claim
    slot: int


class Ended(NamedTuple):
    """A run and its slot in the journal."""

    run: Run
    slot: int


class InFlight:
    """Unstarted, running and finished jobs of one child."""

    def __init__(self, journal: Journal, timeouts: TimeoutWatch | None = None) -> None:
        self.journal = journal
        self._timeouts = timeouts
        self.unstarted: deque[Ticket] = deque()
        self.running: dict[int, tuple[Run, float]] = {}
        """By slot; with when it started, by the monotonic clock."""
        self.finished: deque[Ended] = deque()
        self.claims: dict[int, Claim] = {}
        """All that is held, by slot, what is being settled just now included."""

    def add(self, claims: Iterable[Claim]) -> None:
        """Take new claims in."""
        claimed = self.journal.claimed
        for claim in claims:
            slot = claimed(claim)
            self.claims[slot] = claim
            self.unstarted.append(Ticket(claim, slot))

    def start(self) -> Run | None:
        """A run of the next claim, marked as running; None when there is none."""
        try:
            claim, slot = self.unstarted.popleft()
        except IndexError:
            return None
        run = Run(claim, slot, self._timeouts)
        self.running[slot] = (run, time.monotonic())
        self.journal.started(slot)
        return run

    def finish(self, run: Run, slot: int) -> None:
        """Note that a running claim has ended."""
        self.journal.finished(slot, run.outcome)
        self.finished.append(Ended(run, slot))
        del self.running[slot]

    def take_finished(self) -> list[Ended]:
        """All finished runs; the caller must settle them."""
        return _drained(self.finished)

    def take_unstarted(self, keep: int = 0) -> list[Ticket]:
        """The unstarted claims but the first `keep`; the caller must hand them back."""
        taken = []
        try:
            while len(self.unstarted) > keep:
                taken.append(self.unstarted.pop())
        except IndexError:
            pass
        return taken

    def take_back(self, ticket: Ticket) -> bool:
        """Take this one from the unstarted; False if it is not among them any more."""
        try:
            self.unstarted.remove(ticket)
        except ValueError:
            return False
        return True

    def longest_run(self) -> float:
        """Seconds that the oldest running job has been running; 0.0 when none runs."""
        started = [since for _run, since in list(self.running.values())]
        return time.monotonic() - min(started) if started else 0.0

    def forget(self, slots: Sequence[int]) -> None:
        """The store has the outcome of the jobs in these slots: they are no longer held."""
        for slot in slots:
            del self.claims[slot]
        self.journal.settled(slots)

    def __len__(self) -> int:
        return len(self.claims)


def _drained(source: deque[Ended]) -> list[Ended]:
    taken = []
    try:
        while True:
            taken.append(source.popleft())
    except IndexError:
        return taken

"""The runs of one child by their state, from claim to settlement: waiting, running, finished.

They are shared by the threads of the child. Deques, whose append and pop are atomic, stand here
instead of a lock: the thread that runs handlers passes here twice a job, and the keeper may look in
at any moment.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence

from ..execution.context import RunStore
from ..execution.run import Run, TimeoutWatch
from ..model import Claim
from .shared.journal import Journal


class InFlight:
    """One `Run` for each claim. It is born when the claim is taken in, and each is in one of three
    places: `waiting`, `running` or `finished`; or it is taken out of `waiting` or `finished` by
    whoever is settling it, and still in `runs`."""

    def __init__(
        self,
        journal: Journal,
        timeouts: TimeoutWatch | None = None,
        store: RunStore | None = None,
    ) -> None:
        self.journal = journal
        self._timeouts = timeouts
        self._store = store
        self.waiting: deque[Run] = deque()
        self.running: dict[int, Run] = {}
        """By slot in the journal."""
        self.finished: deque[Run] = deque()
        self.runs: dict[int, Run] = {}
        """All runs by slot, those that are being settled included."""

    def add(self, claims: Iterable[Claim]) -> None:
        """Take new claims in."""
        claimed, timeouts, store = self.journal.claimed, self._timeouts, self._store
        for claim in claims:
            slot = claimed(claim)
            self.runs[slot] = run = Run(claim, slot, timeouts, store)
            self.waiting.append(run)

    def start(self) -> Run | None:
        """The next waiting run, marked as running; None when none waits."""
        try:
            run = self.waiting.popleft()
        except IndexError:
            return None
        run.started_at = time.monotonic()
        self.running[run.slot] = run
        self.journal.started(run.slot)
        return run

    def finish(self, run: Run) -> None:
        """Note that a running handler has ended."""
        self.journal.finished(run.slot, run.outcome)
        self.finished.append(run)
        del self.running[run.slot]

    def take_finished(self) -> list[Run]:
        """All finished runs; the caller must settle them."""
        taken: list[Run] = []
        try:
            while True:
                taken.append(self.finished.popleft())
        except IndexError:
            return taken

    def take_waiting(self, keep: int = 0) -> list[Run]:
        """The waiting runs except the first `keep`; the caller must hand them back."""
        taken: list[Run] = []
        try:
            while len(self.waiting) > keep:
                taken.append(self.waiting.pop())
        except IndexError:
            pass
        return taken

    def take(self, run: Run) -> bool:
        """Take this run out of the waiting ones. Returns False if it no longer waits."""
        try:
            self.waiting.remove(run)
        except ValueError:
            return False
        return True

    def running_for(self, seconds: float) -> list[Run]:
        """The runs that have been running for at least so many seconds."""
        latest = time.monotonic() - seconds
        return [run for run in list(self.running.values()) if run.started_at <= latest]

    def forget(self, runs: Sequence[Run]) -> None:
        """The store has the outcomes of these runs: their jobs are no longer held."""
        for run in runs:
            del self.runs[run.slot]
        self.journal.settled([run.slot for run in runs])

    def __len__(self) -> int:
        return len(self.runs)

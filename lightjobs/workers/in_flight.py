"""The runs of one worker by their state, from claim to settlement: waiting, running, finished.

The threads of the worker share them. Instead of a lock there are deques, whose append and pop are
atomic: the thread that runs handlers comes here twice per job, and the keeper may look in at any
moment.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence

from ..execution.context import RunStore
from ..execution.run import Run, TimeoutWatch
from ..model import Claim
from .shared.journal import Journal
from .unknown_handlers import UnknownHandlers

OWED_SECONDS = 0.2
"""The pause before outcomes are settled again whose part of the store was away."""


class InFlight:
    """Holds one `Run` for each claim that has not been settled.

    A run is in one of `waiting`, `taken`, `running`, `finished` and `owed`, or a thread has taken
    it out to settle it. In all these cases it is in `runs`, too."""

    def __init__(
        self,
        journal: Journal,
        timeouts: TimeoutWatch | None = None,
        store: RunStore | None = None,
        unknown: UnknownHandlers | None = None,
        worker: str = "",
    ) -> None:
        """`unknown` decides about runs whose handler no class has; None: they are run, and fail.
        `worker` is the name of the worker."""
        self.journal = journal
        self._timeouts = timeouts
        self._store = store
        self._unknown = unknown
        self._worker = worker
        self.waiting: deque[Run] = deque()
        self.taken: deque[Run] = deque()
        """Runs that will not start: the supervisor has handed their jobs back, or their handlers
        are unknown here."""
        self.running: dict[int, Run] = {}
        """By slot of the journal."""
        self.finished: deque[Run] = deque()
        self.owed: list[Run] = []
        """Finished runs whose outcomes could not be settled: their part of the store is away."""
        self._owed_at = 0.0
        """When to try that again."""
        self.runs: dict[int, Run] = {}
        """All runs by slot of the journal, including those that are being settled."""
        self.refused: set[tuple[str, int]] = set()
        """The id and fence of each run of which the store refused every outcome: it stays claimed
        by this worker."""

    def add(self, claims: Iterable[Claim], since: float | None = None) -> None:
        """Take in new claims, which were made at `since` by the monotonic clock; None: now."""
        claimed, timeouts, store = self.journal.claimed, self._timeouts, self._store
        worker = self._worker
        claimed_at = time.monotonic() if since is None else since
        added = []
        for claim in claims:
            slot = claimed(claim)
            self.runs[slot] = run = Run(claim, slot, timeouts, store, worker)
            run.claimed_at = claimed_at
            added.append(run)
        are_taken = self.journal.claim_note.end()
        (self.taken if are_taken else self.waiting).extend(added)

    def start(self) -> Run | None:
        """The next waiting run, which is running from now on; None when no run is waiting."""
        while True:
            try:
                run = self.waiting.popleft()
            except IndexError:
                return None
            if self._unknown is not None and not run.is_known() and self._unknown.is_to_wait(run):
                self.taken.append(run)
                continue
            run.started_at = time.monotonic()
            self.running[run.slot] = run
            if self.journal.started(run.slot):
                return run
            del self.running[run.slot]
            self.taken.append(run)

    def put_back(self, run: Run) -> None:
        """Have a run that `start` has returned, but whose handler has not been called, wait again,
        before all others."""
        self.journal.put_back(run.slot)
        del self.running[run.slot]
        self.waiting.appendleft(run)

    def finish(self, run: Run) -> None:
        """Note that the handler of a running run has ended; `run.outcome` says how."""
        self.journal.finished(run.slot, run.outcome)
        self.finished.append(run)
        del self.running[run.slot]

    def take_finished(self) -> list[Run]:
        """Take out all finished runs, and those that are owed if it is time to try again. The
        caller must settle them."""
        taken: list[Run] = []
        if self.owed and time.monotonic() >= self._owed_at:
            taken, self.owed = self.owed, []
        try:
            while True:
                taken.append(self.finished.popleft())
        except IndexError:
            return taken

    def owe(self, runs: Sequence[Run]) -> None:
        """Settle these later: their part of the store is away."""
        self._owed_at = time.monotonic() + OWED_SECONDS
        self.owed = [*self.owed, *runs]

    def take_waiting(self, keep: int = 0) -> list[Run]:
        """Take out the waiting runs except the first `keep`, the last one first. The caller must
        hand them back."""
        taken: list[Run] = []
        try:
            while len(self.waiting) > keep:
                taken.append(self.waiting.pop())
        except IndexError:
            pass
        return taken

    def take_taken(self) -> list[Run]:
        """Take out the runs that will not start. The caller must hand them back, even if the
        supervisor has."""
        runs = list(self.taken)
        self.taken.clear()
        return runs

    def take(self, run: Run) -> bool:
        """Take out this run if it is waiting. Returns whether it was."""
        try:
            self.waiting.remove(run)
        except ValueError:
            return False
        return True

    def known(self) -> set[tuple[str, int]]:
        """The id and fence of each claim that is held or `refused`. To be compared with the store's
        answer, take this before asking: a run that is settled in between may still be in the
        answer, and must not count as unknown."""
        return {run.claim[:2] for run in list(self.runs.values())} | self.refused

    def has_waited(self, seconds: float) -> bool:
        """Whether a run has been waiting for at least this many seconds since it was claimed."""
        try:
            return self.waiting[0].claimed_at <= time.monotonic() - seconds
        except IndexError:
            return False

    def running_for(self, seconds: float) -> list[Run]:
        """The runs whose handlers have been running for at least this many seconds."""
        latest = time.monotonic() - seconds
        return [run for run in list(self.running.values()) if run.started_at <= latest]

    def forget(self, runs: Sequence[Run]) -> None:
        """Drop runs that the store has settled: their jobs are no longer held."""
        for run in runs:
            del self.runs[run.slot]
        self.journal.settled([run.slot for run in runs])

    def __len__(self) -> int:
        return len(self.runs)

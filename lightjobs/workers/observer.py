"""What a process observes of the workers that it supervises or runs itself.

Their notes go to the store with each beat. Of their counts the history and metrics are made.

Counts never fall. Those of a worker that has ended are folded in.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..engines.control import Engine
from ..notes.observed import MOST_PAIRS, OTHER, WorkerNote
from ..notes.worker_notes import note_text, read_note
from .options import Options
from .self_note import first_note
from .shared.observed_memory import ObservedMemory
from .tally import MOST_EXCEPTIONS, Counts, Tally, read_counts
from .vitals import ChildVitals, Totals, Vitals, merged_runs, sum_of

_Key = TypeVar("_Key")


@dataclass(slots=True)
class _Followed:
    """A worker, what was last read of it, and when."""

    first: WorkerNote
    memory: ObservedMemory
    started_at: float
    counts: Counts = field(default_factory=lambda: Counts({}, {}))
    counted_at: float = 0.0

    def read_counts(self) -> Counts:
        written = self.memory.counts()
        if written is not None and written.at != self.counted_at:
            self.counts, self.counted_at = read_counts(written.text), written.at
        return self.counts

    def first_text(self) -> str:
        return note_text(self.first)

    def note(self) -> tuple[WorkerNote, float]:
        """Its note, and when it was written, by the monotonic clock."""
        written = self.memory.note()
        note = None if written is None else read_note(written.text)
        if written is None or note is None:
            return self.first, self.started_at
        return note, written.at


class Observer:
    """Follows workers from their start to their end. Any thread may call it."""

    def __init__(self, options: Options, parent: int = 0) -> None:
        """`parent` is the process id of the supervisor of the workers; 0: they have none."""
        self._options = options
        self._parent = parent
        self._lock = threading.Lock()
        self._followed: dict[str, _Followed] = {}
        self._past = Counts({}, {})
        """What was counted by workers that have ended."""
        self._admitted: set[tuple[str, str]] = set()
        """The queues and handlers that are counted apart from each other."""
        self._admitted_errors: set[tuple[str, str, str]] = set()
        self._ended: Counter[str] = Counter()
        self._store_up = False
        self._beat_at = time.monotonic()
        self.tally = Tally()
        """Counts runs that were settled here for a worker that has ended."""
        self.recovered = 0
        """How many jobs of dead workers were put back."""
        self.turned_at = time.monotonic()
        """When the loop that watches the workers last turned."""
        self.is_ready = False
        """Whether all workers of a supervisor have started, once."""
        self.is_stopping = False

    def follow(self, worker: str, pid: int, memory: ObservedMemory) -> None:
        """Observe `worker`, which the process `pid` has just begun to be."""
        first = first_note(self._options, pid, self._parent, time.time())
        with self._lock:
            self._followed[worker] = _Followed(first, memory, time.monotonic())

    def forget(self, worker: str, reason: str | None = None) -> None:
        """Fold in what `worker` has counted, and observe it no longer. To be called before its
        memory is closed. `reason`, one of vitals.REASONS, says why a child has ended. Does nothing
        for a worker that is not followed."""
        with self._lock:
            followed = self._followed.pop(worker, None)
            if followed is not None:
                self._past = _added([self._past, followed.read_counts()])
                if reason is not None:
                    self._ended[reason] += 1

    def forget_all(self) -> None:
        """Fold in what all workers have counted, and observe none any longer."""
        for worker in list(self._followed):
            self.forget(worker)

    def beat(self, engine: Engine, workers: Sequence[str]) -> list[str]:
        """Beat for `workers`, and send their notes with it. Returns those that the store does not
        know. Raises what `engine.beat` raises."""
        try:
            unknown = engine.beat(workers, self._options.lease, self._notes(workers))
        except BaseException:
            self._store_up = False
            raise
        self._store_up, self._beat_at = True, time.monotonic()
        return unknown

    def _notes(self, workers: Sequence[str]) -> dict[str, str]:
        notes: dict[str, str] = {}
        with self._lock:
            for worker in workers:
                followed = self._followed.get(worker)
                if followed is not None:
                    written = followed.memory.note()
                    notes[worker] = written.text.decode() if written else followed.first_text()
        return notes

    def counts(self) -> Counts:
        """What all workers have counted since this process began."""
        with self._lock:
            counts = [each.read_counts() for each in self._followed.values()]
            own = read_counts(self.tally.text())
            return self._limited(_added([self._past, own, *counts]))

    def _limited(self, counts: Counts) -> Counts:
        """`counts` within the same limits as those of one worker: each may have counted others."""
        runs: dict[tuple[str, str], Totals] = {}
        for pair, totals in counts.runs.items():
            if not _is_admitted(pair, self._admitted, MOST_PAIRS):
                pair = pair[0], OTHER
            runs[pair] = totals.plus(runs[pair]) if pair in runs else totals
        errors: Counter[tuple[str, str, str]] = Counter()
        for key, count in counts.exceptions.items():
            if not _is_admitted(key, self._admitted_errors, MOST_EXCEPTIONS):
                key = key[0], OTHER, OTHER
            errors[key] += count
        return Counts(runs, dict(errors))

    def vitals(self) -> Vitals:
        """What is known of the workers now; see there. It asks no store."""
        counts = self.counts()
        with self._lock:
            followed = list(self._followed.items())
            notes = [(worker, *each.note()) for worker, each in followed]
        now = time.time()
        return Vitals(
            runs=counts.runs,
            exceptions=counts.exceptions,
            recovered=self.recovered,
            children_ended=dict(self._ended),
            children=tuple(_vitals_of(worker, note, at, now) for worker, note, at in notes),
            places=max(1, self._options.workers) * self._options.concurrency,
            store_up=self._store_up,
            beat_at=self._beat_at,
            turned_at=self.turned_at,
            is_ready=self.is_ready or (not self._parent and _have_started(notes)),
            is_stopping=self.is_stopping,
        )


def _have_started(notes: Sequence[tuple[str, WorkerNote, float]]) -> bool:
    return bool(notes) and all(note.state != "starting" for _worker, note, _at in notes)


def _vitals_of(worker: str, note: WorkerNote, written_at: float, now: float) -> ChildVitals:
    longest = max(0.0, now - note.running[0].since) if note.running else 0.0
    return ChildVitals(
        worker=worker,
        pid=note.pid,
        state=note.state,
        memory=note.memory,
        places=note.concurrency,
        busy=note.busy,
        longest_run=longest,
        turned_at=written_at,
    )


def _is_admitted(key: _Key, admitted: set[_Key], most: int) -> bool:
    """Whether `key` is counted apart from others: one of the first `most`."""
    if key not in admitted:
        if len(admitted) >= most:
            return False
        admitted.add(key)
    return True


def _added(every: Sequence[Counts]) -> Counts:
    return Counts(
        merged_runs([each.runs for each in every]), sum_of([each.exceptions for each in every])
    )

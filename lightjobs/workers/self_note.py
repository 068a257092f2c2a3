"""What a worker notes of itself once a second, for its supervisor and for people who watch it."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping

from ..notes.observed import Running, WorkerNote
from ..notes.worker_notes import MOST_RUNNING, note_text
from ..version import __version__
from .in_flight import InFlight
from .limits import resident_bytes
from .options import Options
from .shared.observed_memory import ObservedMemory
from .tally import Tally
from .vitals import OUTCOMES

NOTE_SECONDS = 1.0
"""How often a worker notes how it is."""

LONG_SECONDS = 0.5
"""The runs that are noted have lasted this long: shorter ones would be over before anybody reads
of them."""


class SelfNote:
    """Writes the note and the counts of a worker into the memory that it shares."""

    def __init__(
        self,
        memory: ObservedMemory,
        options: Options,
        in_flight: InFlight,
        tally: Tally,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._memory = memory
        self._options = options
        self._in_flight = in_flight
        self._tally = tally
        self._is_stopping = is_stopping
        self._written_counts = 0
        self._next_at = 0.0
        self._first = first_note(options, os.getpid(), 0, time.time())

    def begin(self, parent: int = 0) -> None:
        """Write the first note. `parent` is the process id of the supervisor, if there is one."""
        self._first = self._first._replace(parent=parent)
        self.write("starting")

    def check(self) -> None:
        """Write what has changed, if it is time to."""
        if time.monotonic() >= self._next_at:
            self.write()

    def write(self, state: str | None = None) -> None:
        """Write the note, and the counts if there are new ones. `state` is what the worker is
        doing, if that cannot be told from its jobs."""
        self._next_at = time.monotonic() + NOTE_SECONDS
        if self._tally.changes != self._written_counts:
            self._written_counts = self._tally.changes
            self._memory.write_counts(self._tally.text().encode(errors="surrogatepass"))
        note = self._first._replace(
            state=state or self._state(),
            memory=resident_bytes(),
            busy=len(self._in_flight.running),
            ended=_ended(self._tally),
            running=self._running(),
        )
        self._memory.write_note(note_text(note).encode())

    def _state(self) -> str:
        if self._is_stopping():
            return "stopping"
        return "working" if len(self._in_flight) else "idle"

    def _running(self) -> tuple[Running, ...]:
        runs = self._in_flight.running_for(LONG_SECONDS)
        if not runs:
            return ()
        runs.sort(key=lambda run: run.started_at)
        began = time.time() - time.monotonic()
        return tuple(
            Running(
                id=run.claim.id,
                handler=run.claim.handler,
                queue=run.claim.queue,
                attempt=run.claim.attempts,
                since=round(began + run.started_at, 3),
            )
            for run in runs[:MOST_RUNNING]
        )


def first_note(options: Options, pid: int, parent: int, since: float) -> WorkerNote:
    """The note of a worker that starts, in the process `pid`, whose supervisor is the process
    `parent`; 0: it has none."""
    return WorkerNote(
        host=socket.gethostname(),
        pid=pid,
        parent=parent,
        version=__version__,
        python=".".join(map(str, sys.version_info[:3])),
        since=round(since, 3),
        lease=options.lease,
        queues=options.queues,
        concurrency=options.concurrency,
        state="starting",
        memory=0,
        busy=0,
        ended={},
        running=(),
    )


def _ended(tally: Tally) -> Mapping[str, int]:
    """What is always shown, and of the rest what there is."""
    shown = ("done", "retried", "failed", "released")
    return {
        outcome: count
        for outcome, count in zip(OUTCOMES, tally.ended, strict=True)
        if count or outcome in shown
    }

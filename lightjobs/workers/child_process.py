"""A child, as its supervisor sees it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable
from typing import NamedTuple

from ..model import Outcome
from .child import DONE, GIVEN_UP, OUTGROWN, READY, REPORT_BYTES
from .order import Order
from .reclaim import overdue
from .shared.journal import Journal, JournalEntry
from .spawn import spawn

NAMED_JOBS = 10
"""How many running jobs the log names when a child has died."""


class Unread(NamedTuple):
    """A claim that was taken away before its answer was read."""

    journal: Journal
    number: int
    entries: list[JournalEntry]
    """What the journal had when it was taken."""

    @property
    def is_unread(self) -> bool:
        """Whether its answer is still unread, so that all else that its worker holds is known."""
        try:
            return self.journal.claim_note.under_way == self.number
        except ValueError:  # the child has died, and its journal is closed
            return False


class Child:
    """A child process, its name as a worker, and its journal."""

    def __init__(
        self, order: Order, journal: Journal, ready: int, close_inherited: Callable[[], None]
    ) -> None:
        """Start a child with `order`. `journal` is the journal that the order names, and `ready`
        the end of its pipe from which this process reads. A forked child first calls
        `close_inherited`, which closes what it has inherited of the supervisor's."""
        self.worker = order.worker
        self.place = order.place
        self.journal = journal
        self.ready = ready
        self.is_starting = True
        """Whether the child has yet to report that it is ready, or why it cannot start."""
        self.was_ready = False
        self.late_outcomes = order.late_outcomes
        self.is_stopping = False
        """Whether it was told to stop because its worker was given up."""
        self._unstarted: set[tuple[int, str, int]] = set()
        """The jobs that waited at the last look."""
        self._unread = 0
        """The claim that was under way at the last look, while a job ran."""
        self.timed_out: dict[tuple[str, int], Outcome] = {}
        """The overdue jobs because of which the child was killed, with their outcomes."""

        def close_all() -> None:
            os.close(ready)
            close_inherited()

        self.process = spawn(order, close_all)
        os.close(order.ready)

    def report(self) -> bytes:
        """The child's report, the first time it is there: READY, or why it cannot start. Empty when
        there is none, or when the child ended without one."""
        if not self.is_starting:
            return b""
        poll = select.poll()  # not select(), which takes no descriptor above 1,023
        poll.register(self.ready, select.POLLIN)
        if not poll.poll(0):
            return b""
        self.is_starting = False
        report = os.read(self.ready, REPORT_BYTES)
        self.was_ready = report == READY
        return report

    def kill_if_overdue(self) -> None:
        """Kill the child if one of its handlers ignores its timeout."""
        if not self.timed_out:
            self.timed_out = overdue(self.journal, "its child is ended")
            if self.timed_out:
                self.signal(signal.SIGKILL)

    def take_unstarted(self) -> list[tuple[str, int]]:
        """Take away the jobs that have waited here since the last call while another one ran.
        Returns their ids and fences. To be called every OVERDUE_SECONDS.

        The child's own keeper hands such jobs back after 50 ms, unless the handler that runs holds
        the interpreter's lock, in which case no thread of the child can do anything.
        """
        waiting = self.journal.unstarted()
        stuck, self._unstarted = waiting & self._unstarted, waiting
        return self.journal.take(stuck) if stuck else []

    def take_unread(self) -> Unread | None:
        """Take away what a claim brings that has been under way since the last call while a job
        ran, and whose answer the child cannot read for the same reason."""
        number = self.journal.unread()
        stuck, self._unread = number == self._unread, number
        if not number or not stuck or not self.journal.claim_note.take(number):
            return None
        return Unread(self.journal, number, self.journal.read())

    def signal(self, number: int) -> None:
        """Send a signal. Does nothing if the child has just ended."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    @property
    def end(self) -> str:
        """The signal or status with which a dead child ended."""
        status = self.process.returncode or 0
        return f"signal {-status}{_signal_name(-status)}" if status < 0 else f"status {status}"

    def reason(self, stopping: bool) -> str:
        """Why a dead child has ended: one of vitals.REASONS. `stopping` says whether its supervisor
        had been told to stop."""
        status = self.process.returncode or 0
        if self.timed_out:
            return "timeout"
        if status == GIVEN_UP or self.is_stopping:
            return "given_up"
        if status == OUTGROWN:
            return "memory"
        if stopping or status in (0, DONE):
            return "stopped"
        return "killed" if status < 0 else "crashed"

    def described_end(self) -> str:
        """How a dead child ended, and which jobs it ran then, one of which may have ended it. Only
        their ids are known: handlers are not in the journal."""
        how = self.end
        running = [held.id for held in self.journal.read() if held.started and held.outcome is None]
        if not running:
            return f"{how} while it ran no job"
        named = ", ".join(running[:NAMED_JOBS]) + (", ..." if len(running) > NAMED_JOBS else "")
        if len(running) == 1:
            return f"{how} while it ran job {named}"
        return f"{how} while it ran {len(running)} jobs: {named}"

    def close(self) -> None:
        """Close the journal and the pipe of a child that is dead."""
        self.journal.close()
        os.close(self.ready)


def _signal_name(number: int) -> str:
    try:
        name = signal.Signals(number).name
    except ValueError:  # a real-time signal has only a number
        return ""
    # A supervisor does not ask for the end of a child that it has killed itself.
    return f" ({name}, perhaps out of memory)" if number == signal.SIGKILL else f" ({name})"

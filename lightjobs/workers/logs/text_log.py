"""The job log as text, for people."""

from __future__ import annotations

from time import time

from ...errors import JobReleased, RateLimited
from ...execution.run import Run
from ...model import Claim, Done, Expired, Failed, HandBack, Release, utc_text
from ...text import escaped
from . import clock
from .buffered import BufferedJobLog
from .job_log import reason, reason_to_hand_back

_GREEN, _YELLOW, _RED, _BLUE = 32, 33, 31, 34

_COLORS = {
    "PROCESSING": _YELLOW,
    "PROCESSED": _GREEN,
    "RETRIED": _YELLOW,
    "RELEASED": _YELLOW,
    "RATE LIMITED": _YELLOW,
    "HANDED BACK": _YELLOW,
    "FAILED": _RED,
    "LOST": _RED,
    "CANCELLED": _YELLOW,
}


class TextJobLog(BufferedJobLog):
    """`12:34:56 [PROCESSED]......... App\\Jobs\\ProcessPayment #ID: 42 (1.2 ms)`, colored on a
    terminal."""

    def __init__(self, descriptor: int, color: bool) -> None:
        super().__init__(descriptor)
        self._color = color
        self._form = clock.form(descriptor)
        self._plain = "\033[0m" if color else ""
        self._heads: dict[str, dict[str, str]] = {name: {} for name in _COLORS}
        """By label and handler, what stands between the time and the id. There are few handlers, so
        it is made once for each."""
        self._processing = self._heads["PROCESSING"]
        self._processed = self._heads["PROCESSED"]

    def _time(self) -> str:
        # When the line is written, at most 50 ms later: to look at the clock for each line would
        # take a quarter of the time that the line takes.
        return clock.local_text(time(), self._form)

    def _head(self, name: str, handler: str) -> str:
        heads = self._heads[name]
        head = heads.get(handler)
        if head is None:
            id_color = f"\033[{_BLUE}m" if self._color else ""
            head = f"{self._label(name, _COLORS[name])}{escaped(handler)}{id_color} #ID: "
            if len(heads) < 1000:  # there is no limit to the names of unknown handlers
                heads[handler] = head
        return head

    def _label(self, name: str, color: int) -> str:
        label = f" [{name}]".ljust(21, ".") + " "
        return f"\033[{color}m{label}{self._plain}" if self._color else label

    def event(self, name: str, text: str, **fields: object) -> None:
        self.write_soon(f"{self._label(name.upper(), _BLUE)}{text}\n")

    def _line(self, name: str, claim: Claim, more: str) -> None:
        head = self._head(name, claim.handler)
        self._lines.append(f"{head}{escaped(claim.id)}{self._plain}{more}\n")

    # These two are called for each job, so they are written for speed.

    def started(self, claim: Claim) -> None:
        head = self._processing.get(claim.handler) or self._head("PROCESSING", claim.handler)
        id = claim.id if claim.id.isprintable() else escaped(claim.id)
        self._lines.append(f"{head}{id}{self._plain}\n")

    def ended(self, run: Run) -> None:
        claim = run.claim
        if type(run.outcome) is not Done:
            self._ended_otherwise(run)
            return
        head = self._processed.get(claim.handler) or self._head("PROCESSED", claim.handler)
        id = claim.id if claim.id.isprintable() else escaped(claim.id)
        self._lines.append(f"{head}{id}{self._plain} ({run.seconds * 1000:.1f} ms)\n")

    def _ended_otherwise(self, run: Run) -> None:
        claim, outcome = run.claim, run.outcome
        if type(outcome) is HandBack:
            self._line("HANDED BACK", claim, f" {reason_to_hand_back(run)}")
        elif type(outcome) is Failed:
            self._line("FAILED", claim, f" {reason(run)}")
        elif type(outcome) is Release:
            self._released(run, outcome)
        elif type(outcome) is Expired:
            self._line("CANCELLED", claim, f" {outcome.exception}")
        super().ended(run)

    def _released(self, run: Run, outcome: Release) -> None:
        claim, due = run.claim, f"{utc_text(outcome.due)} UTC"
        if not isinstance(run.exception, JobReleased):
            again = f"attempt {claim.attempts}, again at {due}"
            self._line("RETRIED", claim, f" {reason(run)} ({again})")
        elif isinstance(run.exception, RateLimited):
            self._line("RATE LIMITED", claim, f" until {due}")
        else:
            self._line("RELEASED", claim, f" until {due}")

    def lost(self, run: Run) -> None:
        self._line("LOST", run.claim, " its outcome was refused: another worker has the job")

    def cancelled(self, run: Run) -> None:
        self._line("CANCELLED", run.claim, " its outcome is dropped")

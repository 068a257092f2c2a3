"""The job log: a line for each job that starts and one for each that ends, as Lightpack's worker
prints them.

At tens of thousands of jobs a second, `logging` would be too slow. So the lines are formatted here,
buffered, and written many at a time. What a failed job raised goes to `logging` as well, with its
traceback: there may be no job log, and it has one line for each.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
import time
from collections import deque
from json.encoder import encode_basestring_ascii as json_text
from weakref import WeakSet

from ..errors import JobReleased, RateLimited
from ..execution.rate_limit import LimitUnknown
from ..execution.run import Run
from ..model import Claim, Done, Failed, HandBack, Release, utc_text
from ..text import escaped, escaped_lines, shortened
from . import streams

WRITE_BYTES = 4096
"""The longest write, unless one line is longer. POSIX keeps writes of this size to a pipe whole, so
the lines of several children do not mix."""

_COLORS = {
    "PROCESSING": 33,
    "PROCESSED": 32,
    "RELEASED": 33,
    "RATE LIMITED": 33,
    "FAILED": 31,
    "LOST": 31,
    "CANCELLED": 33,
}


_log = logging.getLogger("lightjobs.worker")


class JobLog:
    """The job log of `--quiet` and of `lightjobs.worker()`, which prints nothing; the base of the
    other two. All three log what failed runs raised."""

    unfinished: streams.Stream | None = None
    """Standard output, when a handler has printed there without ending the line."""

    def started(self, claim: Claim) -> None:
        """The handler of `claim` is about to run."""

    def ended(self, run: Run) -> None:
        """The run has ended, as its outcome says."""
        outcome = run.outcome
        if type(outcome) is Failed:
            _log_failure(logging.WARNING, run, "failed for good", outcome.exception)
        elif type(outcome) is Release and not isinstance(run.exception, JobReleased):
            text = outcome.exception or "it is not known why"
            _log_failure(logging.INFO, run, "failed, will be retried", text)

    def lost(self, run: Run) -> None:
        """The outcome was refused because another worker has the job, or it was removed."""

    def cancelled(self, run: Run) -> None:
        """The outcome was refused because the job had been cancelled."""

    def flush(self) -> None:
        """Write the buffered lines. May be called from any thread."""


class _BufferedJobLog(JobLog):
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self._writing = threading.Lock()
        _job_logs.add(self)

    def flush(self) -> None:
        if not self._lines:
            return
        unfinished, self.unfinished = self.unfinished, None
        if unfinished is not None:
            unfinished.end_line()
        with self._writing:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            data = "".join(lines).encode("utf-8", "backslashreplace")
            begin = 0
            while len(data) - begin > WRITE_BYTES:
                end = data.rfind(b"\n", begin, begin + WRITE_BYTES) + 1
                if not end:  # a single line is longer
                    end = data.index(b"\n", begin) + 1
                streams.write(self._descriptor, data[begin:end])
                begin = end
            streams.write(self._descriptor, data[begin:])

    def forget(self) -> None:
        """Drop the lines in a process that a handler has forked. They are its parent's; and a
        thread of the parent may have held the lock."""
        self._lines.clear()
        self._writing = threading.Lock()


_job_logs: WeakSet[_BufferedJobLog] = WeakSet()


def _forget_lines() -> None:
    for job_log in _job_logs:
        job_log.forget()


os.register_at_fork(after_in_child=_forget_lines)


class TextJobLog(_BufferedJobLog):
    """`[PROCESSED]......... App\\Jobs\\ProcessPayment #ID: 42`, colored on a terminal."""

    def __init__(self, descriptor: int, color: bool) -> None:
        super().__init__(descriptor)
        self._color = color
        self._plain = "\033[0m" if color else ""
        self._heads: dict[tuple[str, str], str] = {}

    def _head(self, name: str, handler: str) -> str:
        """The line up to the id. There are few handlers, so it is made once for each."""
        head = self._heads.get((name, handler))
        if head is None:
            label = f"[{name}]".ljust(20, ".")
            if self._color:
                head = f"\033[{_COLORS[name]}m {label} \033[0m{escaped(handler)}\033[34m #ID: "
            else:
                head = f" {label} {escaped(handler)} #ID: "
            if len(self._heads) < 1000:  # there is no limit to the names of unknown handlers
                self._heads[name, handler] = head
        return head

    def _line(self, name: str, claim: Claim, more: str) -> None:
        self._lines.append(f"{self._head(name, claim.handler)}{claim.id}{self._plain}{more}\n")

    def started(self, claim: Claim) -> None:
        head = self._head("PROCESSING", claim.handler)
        self._lines.append(f"{head}{claim.id}{self._plain}\n")

    def ended(self, run: Run) -> None:
        outcome = run.outcome
        if type(outcome) is HandBack:
            self._line("RELEASED", run.claim, f" {_reason_to_hand_back(run)}")
        elif type(outcome) is Done:
            head = self._head("PROCESSED", run.claim.handler)
            ms = run.seconds * 1000
            self._lines.append(f"{head}{run.claim.id}{self._plain} ({ms:.1f} ms)\n")
        elif isinstance(run.exception, JobReleased) and type(outcome) is Release:
            label = "RATE LIMITED" if isinstance(run.exception, RateLimited) else "RELEASED"
            self._line(label, run.claim, f" until {utc_text(outcome.due)} UTC")
        else:
            self._line("FAILED", run.claim, f" {_reason(run)}")
            super().ended(run)

    def lost(self, run: Run) -> None:
        self._line("LOST", run.claim, " its outcome was refused: another worker has the job")

    def cancelled(self, run: Run) -> None:
        self._line("CANCELLED", run.claim, " its outcome is dropped")


class JsonJobLog(_BufferedJobLog):
    """One JSON object per line: time, event, handler, queue, id and attempt; and ms in the line for
    a job that has ended."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._heads: dict[tuple[str, str, str], str] = {}

    def _event(self, event: str, claim: Claim, more: str = "") -> None:
        key = (event, claim.handler, claim.queue)
        head = self._heads.get(key)
        if head is None:  # json.dumps() for each line would take longer than a short job
            handler, queue = json.dumps(claim.handler), json.dumps(claim.queue)
            head = f'"event": "{event}", "handler": {handler}, "queue": {queue}'
            if len(self._heads) < 1000:
                self._heads[key] = head
        self._lines.append(
            f'{{"time": {time.time():.3f}, {head}, "id": {json_text(claim.id)}, '
            f'"attempt": {claim.attempts}{more}}}\n'
        )

    def started(self, claim: Claim) -> None:
        self._event("processing", claim)

    def ended(self, run: Run) -> None:
        outcome = run.outcome
        ms = f', "ms": {run.seconds * 1000:.3f}'
        if type(outcome) is Done:
            self._event("processed", run.claim, ms)
            return
        if type(outcome) is HandBack:
            self._event("released", run.claim, ms)
            return
        until = json.dumps(outcome.due if type(outcome) is Release else None)
        if isinstance(run.exception, JobReleased) and type(outcome) is Release:
            limited = isinstance(run.exception, RateLimited)
            event = "rate limited" if limited else "released"
            self._event(event, run.claim, f'{ms}, "until": {until}')
        else:
            reason = json_text(_reason(run))
            self._event("failed", run.claim, f'{ms}, "reason": {reason}, "retry_at": {until}')
            super().ended(run)

    def lost(self, run: Run) -> None:
        self._event("lost", run.claim)

    def cancelled(self, run: Run) -> None:
        self._event("cancelled", run.claim)


def _reason_to_hand_back(run: Run) -> str:
    if isinstance(run.exception, LimitUnknown):
        return "the store did not say whether its rate allows it"
    return "a stop cut it off"


def _log_failure(level: int, run: Run, how: str, text: str) -> None:
    """Log that a run failed, with the text of its exception. The text has been made already and
    made safe: an exception can be of a class that raises, too, when it is told."""
    claim = run.claim
    with contextlib.suppress(Exception):  # of a handler or filter that the project has added
        _log.log(
            level,
            "job %s (%s, attempt %d) %s: %s",
            claim.id,
            escaped(claim.handler),
            claim.attempts,
            how,
            escaped_lines(text),
            extra={
                "job_id": claim.id,
                "job_handler": claim.handler,
                "job_queue": claim.queue,
                "job_attempt": claim.attempts,
            },
        )


def _reason(run: Run) -> str:
    error = run.exception
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:
        text = type(error).__name__
    if type(run.outcome) is Failed:
        return shortened(text, 200)
    return f"{shortened(text, 200)} (attempt {run.claim.attempts}, will be retried)"


def make(log_format: str, quiet: bool, color: bool, descriptor: int = 1) -> JobLog:
    """The job log that these options ask for, written to `descriptor`: by default, standard
    output."""
    if quiet:
        return JobLog()
    return JsonJobLog(descriptor) if log_format == "json" else TextJobLog(descriptor, color)

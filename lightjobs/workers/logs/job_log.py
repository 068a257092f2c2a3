"""The job log: a line for each job that starts and one for each that ends, as Lightpack's worker
prints them, and lines about the worker itself.

At tens of thousands of jobs a second, `logging` would be too slow. So the lines are formatted here,
buffered, and written many at a time. What a failed job raised goes to `logging` as well, with its
traceback: there may be no job log, and in its text form it has one line for each job.
"""

from __future__ import annotations

import contextlib
import logging

from ...errors import JobReleased
from ...execution.rate_limit import LimitUnknown
from ...execution.run import Run
from ...model import Claim, Failed, Release
from ...text import escaped, escaped_lines, shortened
from . import streams

_log = logging.getLogger("lightjobs.worker")


class JobLog:
    """The job log of `--quiet` and of `lightjobs.worker()`, which prints nothing; the base of the
    others. All of them log what failed runs raised."""

    unfinished: streams.Stream | None = None
    """Standard output, when a handler has printed there without ending the line."""

    def of_worker(self, name: str) -> None:
        """From now on the lines are about the worker of this name."""

    def event(self, name: str, text: str, **fields: object) -> None:
        """Something has happened to the worker as a whole: `text` says it for people, `fields` for
        programs. Never waits for the reader of the lines."""

    def started(self, claim: Claim) -> None:
        """The handler of `claim` is about to run."""

    def ended(self, run: Run) -> None:
        """The run has ended, as its outcome says."""
        outcome = run.outcome
        if type(outcome) is Failed:
            _log_failure(logging.WARNING, run, "failed", "failed for good", outcome.exception)
        elif type(outcome) is Release and not isinstance(run.exception, JobReleased):
            text = outcome.exception or "it is not known why"
            _log_failure(logging.INFO, run, "retried", "failed, will be retried", text)

    def lost(self, run: Run) -> None:
        """The outcome was refused because another worker has the job, or it was removed."""

    def cancelled(self, run: Run) -> None:
        """The outcome was refused because the job had been cancelled."""

    def flush(self) -> None:
        """Write the buffered lines. May be called from any thread."""


def _log_failure(level: int, run: Run, event: str, how: str, text: str) -> None:
    """Log that a run failed, with the text of its exception. The text has been made already and
    made safe: an exception can be of a class that raises, too, when it is told."""
    claim = run.claim
    with contextlib.suppress(Exception):  # of a handler or filter that the project has added
        _log.log(
            level,
            "job %s (%s, attempt %d) %s: %s",
            escaped(claim.id),
            escaped(claim.handler),
            claim.attempts,
            how,
            escaped_lines(text),
            extra={
                "job_event": event,
                "job_id": claim.id,
                "job_handler": claim.handler,
                "job_queue": claim.queue,
                "job_attempt": claim.attempts,
            },
        )


def reason(run: Run) -> str:
    """What a failed run raised, on one line."""
    error = run.exception
    try:
        text = f"{type(error).__name__}: {error}"
    except BaseException:
        text = type(error).__name__
    return shortened(text, 200)


def reason_to_hand_back(run: Run) -> str:
    """Why a run that was started goes back at no cost."""
    if isinstance(run.exception, LimitUnknown):
        return "the store did not say whether its rate allows it"
    return "a stop cut it off"

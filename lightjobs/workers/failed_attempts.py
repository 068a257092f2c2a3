"""The line that a failed attempt adds to the errors of its job. Runs that succeed, or that asked to
be repeated, add none."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..errors import JobTimeout
from ..execution.run import Run
from ..model import Claim, Failed, Outcome, Release
from ..notes.attempt_errors import AttemptError, error_line


def outcomes_of(runs: Sequence[Run], worker: str) -> list[Outcome]:
    """The outcomes of `runs`, which ended in `worker`; with their lines where attempts failed."""
    return [
        run.outcome if run.exception is None else _with_line(run, run.exception, worker)
        for run in runs
    ]


def with_late_line(outcome: Outcome, claim: Claim, worker: str, kind: str) -> Outcome:
    """`outcome`, which is settled for the run of `claim` after the end of its process, with its
    line if the attempt failed. `kind` is that of an AttemptError."""
    if not isinstance(outcome, (Failed, Release)) or not outcome.exception:
        return outcome
    error = AttemptError(claim.attempts, time.time(), None, worker, kind, outcome.exception)
    return outcome._replace(error=error_line(error))


def _with_line(run: Run, exception: BaseException, worker: str) -> Outcome:
    outcome = run.outcome
    if not isinstance(outcome, (Failed, Release)) or not outcome.exception:
        return outcome  # it asked for that, or is handed back
    if outcome.error is None:  # else the store did not answer the first time
        error = AttemptError(
            attempt=run.claim.attempts,
            at=time.time() - (time.monotonic() - run.started_at - run.seconds),
            seconds=run.seconds,
            worker=worker,
            kind="timeout" if isinstance(exception, JobTimeout) else "error",
            text=outcome.exception,
        )
        run.outcome = outcome = outcome._replace(error=error_line(error))
    return outcome

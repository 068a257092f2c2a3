"""The hooks of jobs whose process was ended because they ignored their timeout: another calls them.

The store keeps such a job, as failed or for its next attempt, so its payload need not travel.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from ..engines.store import Engine
from ..errors import LightjobsError
from ..execution.executor import timed_out
from ..execution.run import Run
from ..model import Claim, Failed, Outcome, Release

_log = logging.getLogger("lightjobs.worker")


def to_json(outcome: Outcome) -> list[Any]:
    """What stands for the outcome of a run that has timed out in a child's order."""
    return [type(outcome).__name__, *outcome]


def from_json(values: Sequence[Any]) -> Outcome:
    """The opposite."""
    name, *fields = values
    return Failed(*fields) if name == "Failed" else Release(*fields)


def runs(engine: Engine, outcomes: Sequence[Outcome]) -> Iterator[Run]:
    """The runs that ended so; none of a job that is gone by now: its hooks would lack a payload."""
    for outcome in outcomes:
        try:
            job = engine.find(outcome.id)
        except LightjobsError as error:
            _log.warning("the hooks of job %s are not called: %s", outcome.id, error)
            continue
        if job is not None:
            claim = Claim(
                job.id,
                outcome.fence,
                job.handler,
                job.queue,
                job.payload,
                job.attempts,
                job.recoveries,
                job.created_at,
                job.options,
            )
            yield timed_out(claim, outcome)

"""The hooks of jobs whose process was ended because they ignored their timeout: another calls them.

The store keeps such a job, as failed or for its next attempt, so its payload need not travel.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from ..engines.control import Engine
from ..errors import LightjobsError
from ..execution.executor import timed_out
from ..execution.run import Run
from ..model import KINDS, OUTCOMES, Outcome

_log = logging.getLogger("lightjobs.worker")


def to_json(outcome: Outcome) -> list[Any]:
    """What stands for the outcome of a run that has timed out in a child's order."""
    return [KINDS[type(outcome)], *outcome]


def from_json(values: Sequence[Any]) -> Outcome:
    """The opposite."""
    kind, *fields = values
    return OUTCOMES[kind](*fields)


def runs(engine: Engine, outcomes: Sequence[Outcome]) -> Iterator[Run]:
    """The runs that ended so; none of a job that is gone by now: its hooks would lack a payload."""
    for outcome in outcomes:
        try:
            job = engine.find(outcome.id)
        except LightjobsError as error:
            _log.warning("the hooks of job %s are not called: %s", outcome.id, error)
            continue
        if job is not None:
            yield timed_out(job.claim(outcome.fence), outcome)

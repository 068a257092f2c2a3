"""Late hooks: those of jobs that ignored their timeout and were killed with their process. Another
process calls them.

The store still has such a job, as failed or for its next run, so its payload need not be handed on.
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
    """The outcome as JSON values, for a child's Order."""
    return [KINDS[type(outcome)], *outcome]


def from_json(values: Sequence[Any]) -> Outcome:
    """The outcome from which `to_json` made `values`."""
    kind, *fields = values
    return OUTCOMES[kind](*fields)


def runs(engine: Engine, outcomes: Sequence[Outcome]) -> Iterator[Run]:
    """The runs that ended with these outcomes. A job that is gone by now is left out: its hooks
    would lack the payload."""
    for outcome in outcomes:
        try:
            job = engine.find(outcome.id)
        except LightjobsError as error:
            _log.warning("the hooks of job %s are not called: %s", outcome.id, error)
            continue
        if job is not None:
            yield timed_out(job.claim(outcome.fence), outcome)

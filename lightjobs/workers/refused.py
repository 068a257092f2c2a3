"""Settling outcomes of which the store may refuse some: a text that its encoding cannot hold, a
value that is too long, a check or a trigger of the table."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..engines.control import Engine
from ..errors import LightjobsError, SchemaOutdated, StoreUnavailable
from ..model import Failed, HandBack, Outcome, Release, Settlement

REDUCED_CHARS = 1000
"""How much of an exception's text is kept if the store refuses the whole."""

PLAIN = "the store refused the outcome of this run; the log of its worker says why"
"""The exception of a job if the store refuses even the reduced text."""

_log = logging.getLogger("lightjobs.worker")


class Settled(NamedTuple):
    """What became of an outcome."""

    outcome: Outcome
    """As it is stored. Not the one that was given if the store refused that."""
    settlement: Settlement | None
    """The store's answer; None if it refused every outcome of this job."""


def settle(engine: Engine, worker: str, outcomes: Sequence[Outcome]) -> list[Settled]:
    """As `engine.settle`, but an outcome that the store refuses concerns its own job alone. It is
    stored as failed, with a text that the store accepts, and the log says so. Raises
    StoreUnavailable and SchemaOutdated as `engine.settle` does, and nothing else."""
    try:
        answers = engine.settle(worker, outcomes)
    except StoreUnavailable:
        raise
    except LightjobsError as error:
        if isinstance(error, SchemaOutdated):  # unless it is a trigger that lacks a table
            engine.ensure_ready()
        if len(outcomes) == 1:
            return [_settle_refused(engine, worker, outcomes[0], error)]
        return [settled for each in outcomes for settled in settle(engine, worker, [each])]
    return list(map(Settled, outcomes, answers))


def _settle_refused(
    engine: Engine, worker: str, refused: Outcome, error: LightjobsError
) -> Settled:
    extra = {"job_id": refused.id}
    for substitute in _substitutes(refused, error):
        try:
            (settlement,) = engine.settle(worker, [substitute])
        except StoreUnavailable:
            raise
        except LightjobsError:
            continue
        is_same = type(substitute) is type(refused)
        what = "its exception is kept in short" if is_same else "it counts as failed"
        _log.warning(
            "the store refused the outcome of job %s, %s: %s", refused.id, what, error, extra=extra
        )
        return Settled(substitute, settlement)
    _log.error(
        "the store refuses every outcome of job %s, which stays claimed until this worker ends: %s",
        *(refused.id, error),
        extra=extra,
    )
    return Settled(refused, None)


def _substitutes(refused: Outcome, error: LightjobsError) -> Iterator[Failed | Release]:
    """What to store in place of `refused`, the most telling first."""
    if type(refused) is HandBack:  # the job has not run: it must not fail
        return
    if type(refused) is Release and refused.exception is not None:
        # Attempts remain, and must not be lost for a text.
        yield refused._replace(exception=_reduced(refused.exception))
        yield refused._replace(exception=None)
    if type(refused) is Failed:
        text = refused.exception
    else:
        text = f"the store refused the outcome {type(refused).__name__} of this run: {error}"
    yield Failed(refused.id, refused.fence, _reduced(text))
    yield Failed(refused.id, refused.fence, PLAIN)


def _reduced(text: str) -> str:
    """The beginning of `text` in ASCII, which every store can hold."""
    return text.encode("ascii", "backslashreplace").decode()[:REDUCED_CHARS]

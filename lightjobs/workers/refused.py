"""Settling outcomes of which the store may refuse some: a text that its encoding cannot hold, a
value that is too long, a check or a trigger of the table."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence

from ..engines.control import Engine
from ..engines.partly import PartlySettled
from ..errors import LightjobsError, SchemaOutdated, StoreUnavailable
from ..model import Failed, HandBack, Outcome, Release, Settlement
from ..notes.attempt_errors import error_line, errors_of

REDUCED_CHARS = 1000
"""How much of an exception's text is kept if the store refuses the whole."""

PLAIN = "the store refused the outcome of this run; the log of its worker says why"
"""The exception of a job if the store refuses even the reduced text."""

_log = logging.getLogger("lightjobs.worker")


Settled = tuple[Outcome, Settlement | None]
"""What became of an outcome: the outcome as it is stored, which is not the one that was given if
the store refused that; and the store's answer, None if it refused every outcome of this job. A
NamedTuple would take 0.2 µs longer for each job."""


def settle(
    engine: Engine,
    worker: str,
    outcomes: Sequence[Outcome],
    first: Callable[[], Sequence[Settlement]] | None = None,
) -> list[Settled]:
    """As `engine.settle`, but an outcome that the store refuses concerns its own job alone. It is
    stored as failed, with a text that the store accepts, and the log says so. Raises
    StoreUnavailable and SchemaOutdated as `engine.settle` does, and nothing else. If these outcomes
    have been sent already, `first` returns or raises the store's answer."""
    try:
        answers = engine.settle(worker, outcomes) if first is None else first()
    except StoreUnavailable:
        raise
    except LightjobsError as error:
        if isinstance(error, SchemaOutdated):  # unless it is a trigger that lacks a table
            engine.ensure_ready()
        if len(outcomes) == 1:
            return [_settle_refused(engine, worker, outcomes[0], error)]
        return _one_by_one(engine, worker, outcomes)
    return list(zip(outcomes, answers, strict=True))


def _one_by_one(engine: Engine, worker: str, outcomes: Sequence[Outcome]) -> list[Settled]:
    found: list[Settled] = []
    away: PartlySettled | None = None
    for outcome in outcomes:
        try:
            found += settle(engine, worker, [outcome])
        except PartlySettled as error:
            away = error
            found.append((outcome, None))
    if away is not None:
        raise PartlySettled(away, [answer for _, answer in found])
    return found


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
        return substitute, settlement
    _log.error(
        "the store refuses every outcome of job %s, which stays claimed until this worker ends: %s",
        *(refused.id, error),
        extra=extra,
    )
    return refused, None


def _substitutes(refused: Outcome, error: LightjobsError) -> Iterator[Failed | Release]:
    """What to store in place of `refused`, the most telling first."""
    if type(refused) is HandBack:  # the job has not run: it must not fail
        return
    if type(refused) is Release and refused.exception is not None:
        # Attempts remain, and must not be lost for a text.
        reduced = _reduced(refused.exception)
        yield refused._replace(exception=reduced, error=_reduced_line(refused.error))
        yield refused._replace(exception=None, error=None)
    if type(refused) is Failed:
        text, line = refused.exception, _reduced_line(refused.error)
    else:
        text = f"the store refused the outcome {type(refused).__name__} of this run: {error}"
        line = None
    yield Failed(refused.id, refused.fence, _reduced(text), line)
    yield Failed(refused.id, refused.fence, PLAIN)


def _reduced(text: str) -> str:
    """The beginning of `text` in ASCII, which every store can hold."""
    return text.encode("ascii", "backslashreplace").decode()[:REDUCED_CHARS]


def _reduced_line(line: str | None) -> str | None:
    """A line of a job's errors with its texts reduced."""
    for error in errors_of(line):
        return error_line(error._replace(text=_reduced(error.text), worker=_reduced(error.worker)))
    return None

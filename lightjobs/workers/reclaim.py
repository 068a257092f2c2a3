"""Reclaiming the jobs that a dead or abandoned worker held, according to its journal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import NamedTuple

from ..engines.control import Engine
from ..model import HandBack, Outcome, Settlement
from .shared.journal import Journal

_log = logging.getLogger("lightjobs.worker")


class Reclaimed(NamedTuple):
    """What a reclaim did."""

    handed_back: int
    """The number of jobs handed back at no cost."""
    timed_out: list[Outcome]
    """The accepted outcomes of jobs that had timed out. Their hooks are still to be called."""


def overdue(journal: Journal, consequence: str) -> dict[tuple[str, int], Outcome]:
    """The outcomes of the jobs whose handlers have ignored their timeout, by id and fence. If there
    are any, the log names them and the `consequence`."""
    found = journal.overdue()
    if found:
        ids = ", ".join(id for id, _fence in found)
        _log.error("job %s timed out and went on: %s", ids, consequence)
    return found


def reclaim(
    engine: Engine,
    worker: str,
    journal: Journal,
    forgiven: bool,
    timed_out: Mapping[tuple[str, int], Outcome],
) -> Reclaimed:
    """Settle the jobs that had finished, hand back at no cost those that had not started, recover
    the others, and have the store forget the worker.

    `timed_out` holds the outcomes of the jobs because of which the worker was ended, by id and
    fence. With `forgiven`, the other running jobs are not to blame and are handed back, too.
    """
    outcomes: list[Outcome] = []
    handed_back = 0
    for held in journal.read():
        outcome = held.outcome or timed_out.get((held.id, held.fence))
        if outcome is not None:
            outcomes.append(outcome)
        elif forgiven or not held.started:
            outcomes.append(HandBack(held.id, held.fence))
            handed_back += 1
    answers = zip(outcomes, engine.settle(worker, outcomes), strict=True)
    late = [
        outcome
        for outcome, answer in answers
        if answer is Settlement.ACCEPTED and outcome in timed_out.values()
    ]
    engine.recover(worker)
    return Reclaimed(handed_back, late)

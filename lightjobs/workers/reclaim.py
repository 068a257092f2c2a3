"""What becomes of the jobs of a worker that is at its end, by its journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..engines.control import Engine
from ..model import HandBack, Outcome, Settlement
from .shared.journal import Journal


class Reclaimed(NamedTuple):
    """How many jobs were handed back at no cost, and which outcomes of those that had timed out the
    store accepted: their hooks are still to be called."""

    handed_back: int
    timed_out: list[Outcome]


def reclaim(
    engine: Engine,
    worker: str,
    journal: Journal,
    forgiven: bool,
    timed_out: Mapping[tuple[str, int], Outcome],
) -> Reclaimed:
    """Settle what had finished, hand back at no cost what had not started, recover the rest, and
    forget the worker.

    `timed_out` holds the outcomes of those for whose sake the worker was ended, by id and fence;
    `forgiven` when the others' runs did nothing wrong: they are handed back, too.
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

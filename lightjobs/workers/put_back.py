"""What becomes of the jobs of a worker that is at its end, by its journal."""

from __future__ import annotations

from collections.abc import Mapping

from ..engines.base import Engine
from ..record import HandBack, Outcome
from .journal import Journal


def put_back(
    engine: Engine,
    worker: str,
    journal: Journal,
    forgiven: bool,
    timed_out: Mapping[tuple[str, int], Outcome],
) -> int:
    """Settle what had finished, hand back at no cost what had not started, recover the rest, and
    forget the worker. Returns how many were handed back.

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
    engine.settle(worker, outcomes)
    engine.recover(worker)
    return handed_back

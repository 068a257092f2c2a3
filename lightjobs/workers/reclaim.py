"""Reclaiming the jobs that a dead or abandoned worker held, according to its journal."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import NamedTuple

from ..engines.control import Engine
from ..engines.store import MAX_RECOVERIES, WORKER_LOST
from ..model import Failed, HandBack, Outcome, Settlement
from ..text import escaped
from .refused import settle
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
    end: str = "",
) -> Reclaimed:
    """Settle the jobs that had finished, hand back at no cost those that had not started, recover
    the others, and have the store forget the worker.

    `timed_out` holds the outcomes of the jobs because of which the worker was ended, by id and
    fence. With `forgiven`, the other running jobs are not to blame and are handed back, too. `end`
    says by which signal or status its process ended, for the log and for jobs that fail with it.
    """
    outcomes: list[Outcome] = []
    ran: set[tuple[str, int]] = set()
    handed_back = 0
    for held in journal.read():
        outcome = held.outcome or timed_out.get((held.id, held.fence))
        if outcome is not None:
            outcomes.append(outcome)
        elif forgiven or not held.started:
            outcomes.append(HandBack(held.id, held.fence))
            handed_back += 1
        else:
            ran.add((held.id, held.fence))
    if ran and end:
        outcomes += _lost_too_often(engine, worker, ran, end)
    late = [
        outcome
        for outcome, settlement in settle(engine, worker, outcomes)
        if settlement is Settlement.ACCEPTED and outcome in timed_out.values()
    ]
    engine.recover(worker)
    return Reclaimed(handed_back, late)


def _lost_too_often(
    engine: Engine, worker: str, ran: Collection[tuple[str, int]], end: str
) -> list[Outcome]:
    """Log the jobs that ran when their process ended, and return outcomes for those that must not
    be recovered again. Settling them here, not leaving them to `recover`, keeps `end` with them."""
    outcomes: list[Outcome] = []
    for claim in engine.held(worker):
        if claim[:2] not in ran:
            continue
        is_last = claim.recoveries >= MAX_RECOVERIES
        _log.error(
            "job %s (%s) ran when its process ended with %s: %s",
            claim.id,
            escaped(claim.handler),
            end,
            "it has failed for good" if is_last else "it will run again",
            extra={"job_id": claim.id, "job_handler": claim.handler},
        )
        if is_last:
            outcomes.append(
                Failed(claim.id, claim.fence, f"{WORKER_LOST}, the last time with {end}")
            )
    return outcomes

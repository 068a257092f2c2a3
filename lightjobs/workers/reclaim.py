"""Reclaiming the jobs that a dead or abandoned worker held, according to its journal."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..engines.control import Engine
from ..engines.partly import PartlySettled, held_there
from ..engines.store import MAX_RECOVERIES, WORKER_LOST
from ..model import Claim, Failed, HandBack, Outcome, Settlement
from ..notes.attempt_errors import LOST, AttemptError, error_line
from ..text import escaped
from .failed_attempts import with_late_line
from .refused import Settled, settle
from .shared.journal import Journal, JournalEntry
from .tally import Tally

_Key = tuple[str, int]
"""The id and fence of a job."""

_log = logging.getLogger("lightjobs.worker")


class Reclaimed(NamedTuple):
    """What a reclaim did."""

    handed_back: int
    """The number of jobs handed back at no cost."""
    recovered: int
    """The number of jobs that ran and will be run again."""
    timed_out: list[Outcome]
    """The accepted outcomes of jobs that had timed out. Their hooks are still to be called."""


def overdue(journal: Journal, consequence: str) -> dict[_Key, Outcome]:
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
    timed_out: Mapping[_Key, Outcome],
    end: str = "",
    tally: Tally | None = None,
) -> Reclaimed:
    """Settle the jobs that had finished, hand back at no cost those that had not started or that
    the worker did not know of yet, recover the others, and have the store forget the worker.

    `timed_out` holds the outcomes of the jobs because of which the worker was ended, by id and
    fence. With `forgiven`, the other running jobs are not to blame and are handed back, too. `end`
    says by which signal or status its process ended, for the log and for jobs that fail with it.
    `tally` counts the runs that are settled or recovered here.
    """
    entries = journal.read()
    held = _held(worker, entries, forgiven, timed_out)
    ended, ran, handed_back = held.ended, held.ran, len(held.unstarted)
    if journal.claim_note.under_way:
        held.unstarted.extend(unread(engine, worker, entries))
        handed_back += journal.claim_note.granted
    claims = {claim[:2]: claim for claim in held_there(engine, worker)} if ended or ran else {}
    for key in ended.keys() & claims.keys():
        kind = "timeout" if key in timed_out else "error"
        ended[key] = with_late_line(ended[key], claims[key], worker, kind)
    lost = _lost_too_often([claims[key] for key in ran & claims.keys()], worker, end)
    answers = _settled(engine, worker, [*held.unstarted, *ended.values(), *lost])
    accepted = _accepted(answers, ended.keys())
    if tally is not None:
        for key in claims.keys() & (accepted.keys() | ran):
            tally.reclaimed(claims[key].queue, claims[key].handler, accepted.get(key))
    # As in `timed_out`, without the lines for the errors: they would make a child's order long.
    late = [
        outcome
        for key, outcome in timed_out.items()
        if key in accepted and accepted[key] == ended[key]
    ]
    return Reclaimed(handed_back, engine.recover(worker), late)


def _settled(engine: Engine, worker: str, outcomes: Sequence[Outcome]) -> list[Settled]:
    """What `settle` returns. What is in a part of the store that is away is left to the lease."""
    try:
        return settle(engine, worker, outcomes)
    except PartlySettled as part:
        return list(zip(outcomes, part.answers, strict=True))


def _accepted(answers: Iterable[Settled], keys: Collection[_Key]) -> dict[_Key, Outcome]:
    """The outcomes of the jobs in `keys` that the store has accepted."""
    return {
        outcome[:2]: outcome
        for outcome, settlement in answers
        if settlement is Settlement.ACCEPTED and outcome[:2] in keys
    }


class _Held(NamedTuple):
    """What a worker held, each job by its id and fence."""

    ended: dict[_Key, Outcome]
    """Those that had finished or timed out, with their outcomes."""
    ran: set[_Key]
    """Those that had started, and are not handed back."""
    unstarted: list[Outcome]
    """The others, to be handed back."""


def _held(
    worker: str,
    entries: Iterable[JournalEntry],
    forgiven: bool,
    timed_out: Mapping[_Key, Outcome],
) -> _Held:
    held = _Held({}, set(), [])
    for entry in entries:
        key = entry.id, entry.fence
        outcome = entry.outcome or timed_out.get(key)
        if outcome is not None:
            held.ended[key] = outcome
        elif forgiven or not entry.started:
            held.unstarted.append(HandBack(*key))
            if entry.started:
                _log_cut_off(worker, entry.id)
        else:
            held.ran.add(key)
    return held


def unread(engine: Engine, worker: str, entries: Iterable[JournalEntry]) -> list[Outcome]:
    """Outcomes to hand back what `worker` has claimed but does not know of yet: what the store says
    it holds, without the `entries` of its journal."""
    known = {(held.id, held.fence) for held in entries}
    held = [claim for claim in held_there(engine, worker) if claim[:2] not in known]
    return [HandBack(claim.id, claim.fence) for claim in held]


def _log_cut_off(worker: str, job_id: str) -> None:
    extra = {"job_event": "handed back", "job_worker": worker, "job_id": job_id}
    _log.info("job %s was cut off and goes back at no cost", escaped(job_id), extra=extra)


def _lost_too_often(ran: Collection[Claim], worker: str, end: str) -> list[Outcome]:
    """Log the jobs that ran when their process ended, and return outcomes for those that must not
    be recovered again. Settling them here, not leaving them to `recover`, keeps `end` with them."""
    outcomes: list[Outcome] = []
    if not end:
        return outcomes
    for claim in ran:
        is_last = claim.recoveries >= MAX_RECOVERIES
        _log.error(
            "job %s (%s) ran when its process ended with %s: %s",
            claim.id,
            escaped(claim.handler),
            end,
            "it has failed for good" if is_last else "it will run again",
            extra={
                "job_event": "crashed",
                "job_worker": worker,
                "job_id": claim.id,
                "job_handler": claim.handler,
                "job_queue": claim.queue,
                "job_attempt": claim.attempts,
                "job_end": end,
            },
        )
        if is_last:
            line = error_line(AttemptError(claim.attempts, time.time(), None, worker, "lost", LOST))
            text = f"{WORKER_LOST}, the last time with {end}"
            outcomes.append(Failed(claim.id, claim.fence, text, line))
    return outcomes

"""Storing the outcomes of runs, and saying what became of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from ...model import (
    PLAIN,
    SETTLED_AS,
    Done,
    Expired,
    Failed,
    HandBack,
    Outcome,
    Release,
    Retention,
    Settlement,
    Status,
    catch_steps,
    read_steps,
)
from .batch_looks import BatchLooks
from .database import Database, repeatable
from .following import Following
from .rows import Row, moment


def _id_and_fence(outcome: Outcome) -> tuple[Any, ...]:
    return outcome[:2]


def _release_row(outcome: Release) -> list[Any]:
    id, fence, due, attempts, exception, error = outcome
    row = [id, fence, error, *moment(due), attempts]
    return row if exception is None else [*row, exception]


def _expired_row(outcome: Expired) -> list[Any]:
    return list(outcome)


def _failed_row(outcome: Failed) -> list[Any]:
    return [outcome.id, outcome.fence, outcome.error, outcome.exception]


def _kept_row(retention: Retention, outcome: Done) -> list[Any]:
    return [outcome.id, outcome.fence, retention.own(outcome.keep), outcome.result]


_ROWS: dict[str, Callable[[Any], Sequence[Any]]] = {
    "settle_done": _id_and_fence,
    "settle_completed": _id_and_fence,
    "settle_release": _release_row,
    "settle_hand_back": _id_and_fence,
    "settle_failed": _failed_row,
    "settle_expired": _expired_row,
}
"""For each statement but "settle_kept" what makes the row that it takes of an outcome."""

_STATEMENTS: dict[type[Outcome], str] = {
    Release: "settle_release",
    HandBack: "settle_hand_back",
    Failed: "settle_failed",
    Expired: "settle_expired",
}


def _special(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes that are more than Done. Nearly all are not, so this must be quick."""
    return [each for each in outcomes if type(each) is not Done or each[2:] != PLAIN]


def _are_bare(special: Sequence[Outcome]) -> bool:
    """Whether these are nothing but Done, and say no more than their batches."""
    return all(type(each) is Done and each[2:6] == _BARE for each in special)


_BARE = PLAIN[:4]


def _batches(special: Sequence[Outcome]) -> list[str]:
    """The batches of the jobs that are done."""
    return sorted({each.batch for each in special if type(each) is Done and each.batch is not None})


def _statement(outcome: Outcome, retention: Retention) -> str:
    """The statement that settles `outcome`."""
    if not isinstance(outcome, Done):
        return _STATEMENTS[type(outcome)]
    if outcome.keep is None and retention.completed == 0:
        return "settle_done"
    is_plain = outcome.keep is None and outcome.result is None
    return "settle_completed" if is_plain else "settle_kept"


PART_BYTES = 250_000
"""About how much text of exceptions, errors and results one statement may hold: even if each
character is escaped, that is less than the shortest statement that a MySQL server allows
(max_allowed_packet)."""


class OutcomeStore:
    """The verb `settle` of a SqlEngine."""

    def __init__(self, database: Database, looks: BatchLooks) -> None:
        self._db = database
        self._looks = looks
        self._following = Following(database)

    def settle(
        self, worker: str, outcomes: Sequence[Outcome], retention: Retention
    ) -> list[Settlement]:
        """See JobStore.settle. A job that was cancelled is let go of, but not deleted: this may be
        repeated, and must then give the same answer."""
        if not outcomes:
            return []
        special = _special(outcomes)
        answers, later = self._settle(worker, outcomes, special, retention)
        if later:
            self._looks.after(later)
        return answers

    @repeatable
    def _settle(
        self,
        worker: str,
        outcomes: Sequence[Outcome],
        special: Sequence[Outcome],
        retention: Retention,
    ) -> tuple[list[Settlement], list[str]]:
        """Store the outcomes; also returns batches to look at now that this is committed."""
        batches = _batches(special)
        are_bare = _are_bare(special)
        is_near = bool(batches) and self._looks.are_near(batches)
        is_plain = (are_bare or self._are_plain(special)) and not is_near
        if is_plain and self._settle_at_once(worker, outcomes, are_bare, retention):
            return [Settlement.ACCEPTED] * len(outcomes), batches
        if are_bare and is_near:
            with self._db.transaction():
                if self._settle_at_once(worker, outcomes, True, retention):
                    answers = [Settlement.ACCEPTED] * len(outcomes)
                else:
                    answers = self._answers(worker, outcomes, retention)
                return answers, self._looks.inside(batches, False)
        ties = self._ties(special)
        catching = any(catch_steps(options) for _id, _batch, options in ties)
        nexts = any(type(each) is Done and each.next is not None for each in special)
        entries = [each for each in special if type(each) is Done and each.entry is not None]
        failing = [str(batch) for _id, batch, _options in ties if batch is not None]
        with self._db.transaction():
            held = self._held(worker, special) if nexts or catching else set()
            answers = self._answers(worker, outcomes, retention)
            for done in entries:
                if answers[outcomes.index(done)] is Settlement.ACCEPTED:
                    params = {"entry": done.entry, "job_id": int(done.id)}
                    self._db.run("complete_entry", params)
            if held:
                # Once for each job, also if one outcome is there twice.
                stored = {_key(each): each for each in reversed(special) if _key(each) in held}
                batches += self._follow(list(reversed(stored.values())), ties)
            return answers, self._looks.inside([*batches, *failing], bool(failing))

    def _are_plain(self, special: Sequence[Outcome]) -> bool:
        """Whether nothing is to be done besides settling the outcomes, as far as they tell."""
        return not any(type(each) is Done and (each.entry or each.next) for each in special)

    def _ties(self, special: Sequence[Outcome]) -> list[Row]:
        """The rows of job_ties for those jobs that end without being done."""
        ending = [int(each.id) for each in special if type(each) in (Failed, Expired)]
        if not ending:
            return []
        return self._db.rows("job_ties", {"ids": self._db.dialect.bound_ids(ending)})

    def _held(self, worker: str, special: Sequence[Outcome]) -> set[tuple[int, int]]:
        """The id and fence of those jobs that the worker holds, which stay so: their outcomes are
        stored now, and what follows them is pushed now. Others may have been stored before."""
        ids = self._db.dialect.bound_ids(sorted({int(each.id) for each in special}))
        return {
            (int(id), fence)
            for id, fence in self._db.rows("lock_held", {"ids": ids, "worker": worker})
        }

    def _follow(self, stored: Sequence[Outcome], ties: Sequence[Row]) -> list[str]:
        """Push what follows the outcomes that are stored now."""
        steps = [step for each in stored if type(each) is Done for step in read_steps(each.next)]
        failed = {int(each.id) for each in stored if type(each) is Failed}
        pushed = self._following.push(steps) if steps else []
        return pushed + self._following.failures(tie for tie in ties if int(tie[0]) in failed)

    def _settle_at_once(
        self, worker: str, outcomes: Sequence[Outcome], are_bare: bool, retention: Retention
    ) -> bool:
        """Settle outcomes that take a single statement by that statement alone, as a transaction
        would add two round trips. Returns whether all were accepted. If some were refused, settling
        them again says which, as it does for a settlement whose reply was lost."""
        name = _statement(outcomes[0], retention)
        if not are_bare:
            if any(_statement(outcome, retention) != name for outcome in outcomes):
                return False
            if len(list(_parts(outcomes))) > 1:
                return False
        return self._settle_alike(name, worker, outcomes, retention, tied=0) == len(outcomes)

    def _answers(
        self, worker: str, outcomes: Sequence[Outcome], retention: Retention
    ) -> list[Settlement]:
        by_statement: dict[str, list[Outcome]] = {}
        for outcome in outcomes:
            by_statement.setdefault(_statement(outcome, retention), []).append(outcome)
        accepted = sum(
            self._settle_alike(name, worker, part, retention)
            for name, alike in by_statement.items()
            for part in _parts(alike)
        )
        if accepted == len(outcomes):
            return [Settlement.ACCEPTED] * len(outcomes)
        # Which were refused? Only a registered worker holds jobs, and this locks its registration:
        # no recovery gives them to others now, so a job's row tells whether this outcome was the
        # last one stored, just now or when it was settled before.
        registered = bool(self._db.rows("registered", {"worker": worker}))
        return [self._answer(worker, outcome, registered) for outcome in outcomes]

    def _settle_alike(
        self,
        name: str,
        worker: str,
        outcomes: Sequence[Outcome],
        retention: Retention,
        tied: int = 1,
    ) -> int:
        """Settle outcomes by the statement called `name`; returns how many were accepted now."""
        as_row = _ROWS.get(name) or partial(_kept_row, retention)
        # Not as escapes, which PostgreSQL does not read in a database without an encoding.
        rows = json.dumps([as_row(outcome) for outcome in outcomes], ensure_ascii=False)
        errors = self._db.dialect.errors if _tell_errors(outcomes) else ""
        params = {"worker": worker, "outcomes": rows, "tied": tied}
        return self._db.run(name, params, errors)

    def _answer(self, worker: str, outcome: Outcome, registered: bool) -> Settlement:
        """What became of an outcome, judged by the job's row: the statements of `_settle_alike` say
        only how many rows they touched."""
        rows = self._db.rows("settled", {"id": int(outcome.id)})
        if not rows:
            # Only a recovery of this worker could have given its job to another one to delete.
            is_ours = registered and type(outcome) is Done
            return Settlement.ACCEPTED if is_ours else Settlement.LOST
        status, fence = rows[0]
        if status != Status.QUEUED:
            self._db.run("let_go", {"id": int(outcome.id), "worker": worker})
        if registered and fence == outcome.fence and status == SETTLED_AS[type(outcome)]:
            return Settlement.ACCEPTED
        return Settlement.CANCELLED if status == Status.CANCELLED else Settlement.LOST


def _key(outcome: Outcome) -> tuple[int, int]:
    return int(outcome.id), outcome.fence


def _tell_errors(outcomes: Sequence[Outcome]) -> bool:
    """Whether any of these outcomes, which are of one kind, has a line for its job's errors."""
    if type(outcomes[0]) not in (Failed, Release):
        return False
    return any(outcome.error for outcome in outcomes if isinstance(outcome, (Failed, Release)))


def _parts(outcomes: Sequence[Outcome]) -> Iterator[Sequence[Outcome]]:
    """Outcomes of one statement in parts of up to PART_BYTES of text."""
    if not any(map(_text, outcomes)):
        yield outcomes
        return
    part: list[Outcome] = []
    size = 0
    for outcome in outcomes:
        text = _text(outcome)
        length = len(text) * (1 if text.isascii() else 4)
        if part and size + length > PART_BYTES:
            yield part
            part, size = [], 0
        part.append(outcome)
        size += length
    yield part


def _text(outcome: Outcome) -> str:
    """The text that is stored with an outcome."""
    if isinstance(outcome, (Failed, Release)):
        return (outcome.exception or "") + (outcome.error or "")
    return (outcome.result or "") if isinstance(outcome, Done) else ""

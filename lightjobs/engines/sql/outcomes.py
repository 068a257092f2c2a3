"""Storing the outcomes of runs, and saying what became of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...model import SETTLED_AS, Done, Failed, HandBack, Outcome, Release, Settlement, Status
from .database import Database, repeatable
from .rows import moment


def _id_and_fence(outcome: Outcome) -> tuple[Any, ...]:
    return outcome[:2]


def _release_row(outcome: Release) -> list[Any]:
    row = [outcome.id, outcome.fence, *moment(outcome.due), outcome.attempts]
    return row if outcome.exception is None else [*row, outcome.exception]


_SETTLE: dict[type[Outcome], tuple[str, Callable[[Any], Sequence[Any]]]] = {
    Done: ("settle_done", _id_and_fence),
    Release: ("settle_release", _release_row),
    HandBack: ("settle_hand_back", _id_and_fence),
    Failed: ("settle_failed", tuple),
}
"""For each kind of outcome its statement, and what makes the row that the statement takes."""


PART_BYTES = 250_000
"""About how much text of exceptions one statement may hold: even if each character is escaped, that
is less than the shortest statement that a MySQL server allows (max_allowed_packet)."""


class OutcomeStore:
    """The verb `settle` of a SqlEngine."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @repeatable
    def settle(
        self, worker: str, outcomes: Sequence[Outcome], keep_completed: bool
    ) -> list[Settlement]:
        """See JobStore.settle. A job that was cancelled is let go of, but not deleted: this may be
        repeated, and must then give the same answer."""
        if not outcomes:
            return []
        entries = [each for each in outcomes if type(each) is Done and each.entry is not None]
        if not entries and self._settle_at_once(worker, outcomes, keep_completed):
            return [Settlement.ACCEPTED] * len(outcomes)
        with self._db.transaction():
            answers = self._answers(worker, outcomes, keep_completed)
            for done in entries:
                if answers[outcomes.index(done)] is Settlement.ACCEPTED:
                    params = {"entry": done.entry, "job_id": int(done.id)}
                    self._db.run("complete_entry", params)
            return answers

    def _settle_at_once(
        self, worker: str, outcomes: Sequence[Outcome], keep_completed: bool
    ) -> bool:
        """Settle outcomes that take a single statement by that statement alone, as a transaction
        would add two round trips. Returns whether all were accepted. If some were refused, settling
        them again says which, as it does for a settlement whose reply was lost."""
        if len(set(map(type, outcomes))) > 1:
            return False
        part, *others = _parts(outcomes)
        return not others and self._settle_alike(worker, part, keep_completed) == len(outcomes)

    def _answers(
        self, worker: str, outcomes: Sequence[Outcome], keep_completed: bool
    ) -> list[Settlement]:
        by_kind: dict[type[Outcome], list[Outcome]] = {}
        for outcome in outcomes:
            by_kind.setdefault(type(outcome), []).append(outcome)
        accepted = sum(
            self._settle_alike(worker, part, keep_completed)
            for alike in by_kind.values()
            for part in _parts(alike)
        )
        if accepted == len(outcomes):
            return [Settlement.ACCEPTED] * len(outcomes)
        # Which were refused? Only a registered worker holds jobs, and this locks its registration:
        # no recovery gives them to others now, so a job's row tells whether this outcome was the
        # last one stored, just now or when it was settled before.
        registered = bool(self._db.rows("registered", {"worker": worker}))
        return [self._answer(worker, outcome, registered) for outcome in outcomes]

    def _settle_alike(self, worker: str, outcomes: Sequence[Outcome], keep_completed: bool) -> int:
        """Settle outcomes of one kind; returns how many were accepted now."""
        kind = type(outcomes[0])
        name, as_row = _SETTLE[kind]
        if kind is Done and keep_completed:
            name = "settle_completed"
        # Not as escapes, which PostgreSQL does not read in a database without an encoding.
        rows = json.dumps([as_row(outcome) for outcome in outcomes], ensure_ascii=False)
        return self._db.run(name, {"worker": worker, "outcomes": rows})

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


def _parts(outcomes: Sequence[Outcome]) -> Iterator[Sequence[Outcome]]:
    """Outcomes of one kind in parts of up to PART_BYTES of text."""
    if type(outcomes[0]) not in (Failed, Release):
        yield outcomes
        return
    part: list[Outcome] = []
    size = 0
    for outcome in outcomes:
        assert isinstance(outcome, (Failed, Release))
        text = outcome.exception or ""
        length = len(text) * (1 if text.isascii() else 4)
        if part and size + length > PART_BYTES:
            yield part
            part, size = [], 0
        part.append(outcome)
        size += length
    yield part

"""The parts of transactions that are about batches, and about what follows jobs and batches."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...errors import BatchEnded
from ...model import (
    CALLBACKS,
    Flow,
    NewBatch,
    NewJob,
    Step,
    callbacks_due,
    step_rows,
    steps_of,
)
from .dialect import Dialect
from .requests import Ask, Run, Work
from .rows import Row
from .tied_push import TiedPush

NOT_YET = -1
"""The total of a batch whose jobs are being stored, which only its own transaction sees."""


class BatchState(NamedTuple):
    """What a batch has come to: a row of batch_state or batch_state_deep."""

    allow_failures: bool
    called: str
    has_ended: bool
    outcome: str | None
    open: str | None
    """"waiting" if a job of it waits to be claimed, else "running" if a part of it has not ended,
    else None."""
    has_failed: bool
    is_cancelled: bool

    @property
    def calls(self) -> list[str]:
        """The callbacks that have been pushed."""
        return self.called.split()

    def due(self) -> list[str]:
        """The callbacks that are due."""
        return callbacks_due(
            int(self.open is not None),
            int(self.has_failed),
            int(self.is_cancelled),
            bool(self.allow_failures),
            self.calls,
        )

    def outcome_now(self) -> str | None:
        """What the batch counts as in its parent; None while it has not ended."""
        if self.open is not None:
            return None
        if self.has_failed:
            return "failed"
        return "cancelled" if self.is_cancelled else "done"

    def may_be_near(self, has_failures: bool = False) -> bool:
        """Whether there may be something to push or to note: jobs that wait keep a batch from its
        end. `has_failures`: whether some of its jobs may have failed."""
        return self.open != "waiting" or self._may_change(has_failures)

    def may_be_behind(self, has_failures: bool) -> bool:
        """The same for a state that was read while the row was locked: no part that has not ended
        is ended by another transaction that does not look later."""
        return self.open is None or self._may_change(has_failures)

    def _may_change(self, has_failures: bool) -> bool:
        is_told = "catch" in self.calls or bool(self.allow_failures)
        return bool(self.has_ended) or (has_failures and not is_told)

    def is_behind(self) -> bool:
        """Whether what is noted of the batch is behind what its jobs say."""
        now = self.outcome_now()
        return bool(self.due()) or now != self.outcome or (now is None) == bool(self.has_ended)


class Advanced(NamedTuple):
    """What came of a look at a batch."""

    calls: int
    """How many callbacks were pushed."""
    others: list[str]
    """Batches to look at next, which are around others."""


batch_state = BatchState._make


def push_batch(
    dialect: Dialect, batch: NewBatch, jobs: Sequence[NewJob], is_callers: bool = False
) -> Work[list[str] | None]:
    """Store a batch and its jobs; returns their ids, or None if the batch was there already.
    `is_callers`: whether the transaction is a caller's."""
    callbacks = {name: step_rows(getattr(batch, name)) for name in CALLBACKS}
    text = json.dumps(callbacks, separators=(",", ":"))
    given = [batch.id, batch.name, batch.parent, int(batch.allow_failures), text]
    yield Run("push_batch", {"batch": dialect.packed(given)})
    rows: list[Row] = yield Ask("lock_batch", {"id": batch.id})
    if rows[0][0] != NOT_YET:
        return None
    push = TiedPush(dialect, jobs, is_callers)
    ids = yield from push.work()
    yield Run("grow_batch", {"id": batch.id, "total": push.stored})
    if not push.stored:
        yield from advance(dialect, batch.id)  # it ends at once
    return ids


def add(dialect: Dialect, batch_id: str, jobs: Sequence[NewJob]) -> Work[list[str]]:
    """Add jobs to a batch; returns their ids. Raises BatchEnded."""
    rows: list[Row] = yield Ask("lock_batch", {"id": batch_id})
    if not rows:
        raise BatchEnded(f"there is no batch {batch_id}")
    total, ended_at, cancelled_at, *_ = rows[0]
    if ended_at is not None or cancelled_at is not None:
        how = "has ended" if cancelled_at is None else "was cancelled"
        raise BatchEnded(f"the batch {batch_id} {how}")
    push = TiedPush(dialect, jobs)
    ids = yield from push.work()
    yield Run("grow_batch", {"id": batch_id, "total": total + push.stored})
    return ids


def follow(dialect: Dialect, steps: Iterable[Step]) -> Work[list[str]]:
    """Push what follows a job or a batch. Returns the batches around those that were pushed, one
    of which may have ended at once."""
    steps = list(steps)
    jobs = [job for step in steps if step.batch is None for job in _due(step)]
    if jobs:
        yield from TiedPush(dialect, jobs).work()
    pushed = []
    for step in steps:
        if step.batch is not None:
            yield from push_batch(dialect, step.batch, _due(step))
            pushed += [step.batch.parent] if step.batch.parent else []
    return pushed


def advance(dialect: Dialect, batch_id: str, has_failures: bool = True) -> Work[Advanced]:
    """Push the callbacks of a batch that are due, and note whether it has ended. The batch is
    locked, and looked at by a later statement than that. `has_failures`: whether some of its jobs
    may have failed since the last time."""
    rows: list[Row] = yield Ask("lock_batch", {"id": batch_id})
    if not rows:
        return Advanced(0, [])
    *_, parent, _outcome, callbacks = rows[0]
    state = batch_state((yield Ask("batch_state", {"id": batch_id}))[0])
    if not state.may_be_behind(has_failures):
        return Advanced(0, [])
    state = batch_state((yield Ask("batch_state_deep", {"id": batch_id}))[0])
    if not state.is_behind():
        return Advanced(0, [])
    due = state.due()
    texts = json.loads(callbacks)
    pushed = yield from follow(dialect, [step for name in due for step in steps_of(texts[name])])
    outcome = state.outcome_now()
    called = " ".join([*state.calls, *due])
    yield Run("note_batch", {"id": batch_id, "called": called, "outcome": outcome})
    if parent is not None and outcome != state.outcome:
        pushed.append(
            parent
        )  # after its callbacks, which may go on with a chain that is part of it
    return Advanced(len(due), pushed)


def _due(step: Step) -> list[NewJob]:
    return [job._replace(due=_after(job.due), flow=_kept(job.flow)) for job in step.jobs]


def _after(seconds: float | None) -> float | None:
    """The moment in `seconds`."""
    return None if seconds is None else time.time() + seconds


def _kept(flow: Flow | None) -> Flow | None:
    """The ties of a job that is pushed after another: nobody is there to be told of a refusal."""
    if flow is None or flow.unique is None or flow.unique.when_taken != "refuse":
        return flow
    return flow._replace(unique=flow.unique._replace(when_taken="keep"))

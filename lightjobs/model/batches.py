"""Batches of jobs, and what is pushed after a job or a batch has ended."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from .flow import Flow, Unique
from .jobs import NewJob
from .options import CATCH_OPTION

CALLBACKS = ("then", "catch", "always")
"""The callbacks of a batch: when all its jobs are done; when one has failed for good; and when all
have ended, whatever came."""


class Step(NamedTuple):
    """What is pushed when something else has ended: one job, or a batch with its jobs. The `due` of
    its jobs is not a moment but seconds after that push; None for none."""

    jobs: tuple[NewJob, ...]
    batch: NewBatch | None = None


class NewBatch(NamedTuple):
    """A batch to store. Its jobs name it in their `flow`."""

    id: str
    name: str = ""
    parent: str | None = None
    """The id of the batch of which this one, with all that follows it in its chain, is one part."""
    allow_failures: bool = False
    """Whether `catch` waits until all jobs have ended."""
    then: tuple[Step, ...] = ()
    catch: tuple[Step, ...] = ()
    always: tuple[Step, ...] = ()


class StoredBatch(NamedTuple):
    """A batch as the store has it. A part of it is a job, or a chain, of which one link at a time
    is a job or a batch."""

    id: str
    name: str
    parent: str | None
    allow_failures: bool
    total: int
    """The number of its parts: 0 for a batch without jobs, which ends at once."""
    waiting: int
    """Parts whose job is new or paused."""
    running: int
    """Parts whose job is claimed, or which are a batch that has not ended."""
    done: int
    failed: int
    """Parts that failed for good, also those whose job has been removed since."""
    cancelled: int
    """Parts that were cancelled, expired, or removed before they ended."""
    called: tuple[str, ...]
    """Which of CALLBACKS have been pushed, or would have been if there were any."""
    created_at: float
    """Unix seconds, as those that follow."""
    ended_at: float | None = None
    """When the last part ended; None while a part waits or runs."""
    cancelled_at: float | None = None
    """When the batch was cancelled as a whole."""

    @property
    def percent(self) -> int:
        """How much of it has ended, in percent, rounded down; 100 for a batch without parts."""
        ended = self.total - self.waiting - self.running
        return ended * 100 // self.total if self.total else 100


def callbacks_due(
    unfinished: int, failed: int, cancelled: int, allow_failures: bool, called: Iterable[str]
) -> list[str]:
    """Which of CALLBACKS are to be pushed now: each is pushed once in the life of a batch. `then`
    may come late, when failed jobs have been retried and all are done."""
    due = []
    if not (unfinished or failed or cancelled):
        due.append("then")
    if failed and not (allow_failures and unfinished):
        due.append("catch")
    if not unfinished:
        due.append("always")
    return [name for name in due if name not in called]


def steps_text(steps: Iterable[Step]) -> str:
    """`steps` as JSON text in ASCII."""
    return json.dumps([_step_row(step) for step in steps], separators=(",", ":"))


def read_steps(text: str | bytes | None) -> tuple[Step, ...]:
    """The steps that `steps_text` has written; () for no text."""
    return tuple(map(_step, json.loads(text))) if text else ()


def _step_row(step: Step) -> dict[str, Any]:
    jobs = [[*job[:6], flow_row(job.flow)] for job in step.jobs]
    if step.batch is None:
        return {"jobs": jobs}
    callbacks = [[_step_row(each) for each in steps] for steps in step.batch[4:]]
    return {"jobs": jobs, "batch": [*step.batch[:4], *callbacks]}


def _step(row: dict[str, Any]) -> Step:
    jobs = tuple(NewJob._make([*job[:6], read_flow(job[6])]) for job in row["jobs"])
    if (batch := row.get("batch")) is None:
        return Step(jobs)
    callbacks = [tuple(map(_step, steps)) for steps in batch[4:]]
    return Step(jobs, NewBatch(*batch[:4], *callbacks))


def flow_row(flow: Flow | None) -> list[Any] | None:
    """`flow` as JSON holds it."""
    return None if flow is None else list(flow)


def read_flow(row: list[Any] | None) -> Flow | None:
    """What `flow_row` gave."""
    if row is None:
        return None
    unique, *rest = row
    return Flow(None if unique is None else Unique(*unique), *rest)


def catch_steps(options: str | None) -> tuple[Step, ...]:
    """What is pushed when a job with these `options` fails for good."""
    if options is None or f'"{CATCH_OPTION}"' not in options:
        return ()
    return steps_of(json.loads(options).get(CATCH_OPTION))


def steps_of(rows: Any) -> tuple[Step, ...]:
    """The steps in `rows`, read from a job's options; () for none."""
    return tuple(map(_step, rows or ()))


def step_rows(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """`steps` as they stand in a job's options."""
    return list(map(_step_row, steps))

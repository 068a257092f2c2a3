"""What the model says of settlements."""

from __future__ import annotations

from collections.abc import Sequence

from lightjobs.model import (
    SETTLED_AS,
    Done,
    Expired,
    Failed,
    HandBack,
    Outcome,
    Release,
    Settlement,
    Status,
    read_steps,
)

from .store import Model
from .values import Job, Window

ACCEPTED, CANCELLED, LOST = Settlement.ACCEPTED, Settlement.CANCELLED, Settlement.LOST


def settle(
    model: Model, worker: str, outcomes: Sequence[Outcome], window: Window, drops: bool = True
) -> list[set[Settlement]]:
    """A worker's outcomes are settled. Returns the answers that are allowed for each. Without
    `drops` the jobs stay that are deleted in the step after that."""
    answers = [_answer(model, worker, outcome, window) for outcome in outcomes]
    model.advance(window)
    if drops and model.retention.cancelled == 0:
        for outcome, answer in zip(outcomes, answers, strict=True):
            is_expired = type(outcome) is Expired and ACCEPTED in answer
            job = model.job(outcome.id)
            if job is not None and (is_expired or CANCELLED in answer):
                model.purge([job], Status.CANCELLED, window)
    return answers


def _answer(model: Model, worker: str, outcome: Outcome, window: Window) -> set[Settlement]:
    job = model.job(outcome.id)
    is_registered = model.workers[worker].is_registered
    if job is None:
        if not is_registered or type(outcome) is not Done:
            return {LOST}
        # Only Redis knows that somebody took the job from this worker before another one ended it.
        was_cut = (worker, outcome.id) in model.cut
        return {ACCEPTED, LOST} if was_cut else {ACCEPTED}
    if (job.status, job.worker, job.fence) == (Status.QUEUED, worker, outcome.fence):
        _store(model, job, outcome, window)
        return {ACCEPTED}
    if job.status != Status.QUEUED and job.worker == worker:
        job.worker = None
    is_repeated = job.fence == outcome.fence and job.status == SETTLED_AS[type(outcome)]
    if is_repeated and is_registered:
        return {ACCEPTED}
    return {CANCELLED if job.status == Status.CANCELLED else LOST}


def _store(model: Model, job: Job, outcome: Outcome, window: Window) -> None:
    job.worker = None
    match outcome:
        case Done(next=following):
            job.status, job.exception = Status.COMPLETED, None
            if model.retention.completed == 0:
                model.remove(job, "done")
            for step in read_steps(following):
                for new in step.jobs:
                    model.follow(new.payload, window)
        case Release(due=due, attempts=attempts, exception=exception):
            job.status, job.attempts, job.exception = Status.NEW, attempts, exception
            job.due = due, due
        case HandBack():
            job.attempts = max(0, job.attempts - 1)
            job.put_back()
        case Expired(exception=exception):
            job.status, job.exception = Status.CANCELLED, exception
            job.attempts = max(0, job.attempts - 1)
        case Failed(exception=exception):
            job.status, job.exception = Status.FAILED, exception

"""What the model says of claims: which may be given, in which order, and which must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from lightjobs.model import Claim, Status

from .store import Model
from .ties import LIMIT
from .values import Job, Window

Place = Callable[[str], int]
"""Says in which shard the job with an id is. The order of claims holds within a shard."""


class Asked(NamedTuple):
    """A claim, as a worker asks for it."""

    worker: str
    queues: Sequence[str]
    limit: int
    skip: Sequence[str] = ()


def check(
    model: Model,
    asked: Asked,
    claims: Sequence[Claim],
    window: Window,
    place: Place,
    is_whole: bool = True,
) -> None:
    """Fail if these claims may not be the answer, and tell them to the model. With `is_whole` they
    are all that the claim has brought, in order."""
    assert len(claims) <= asked.limit, "more claims than were asked for"
    assert model.workers[asked.worker].is_registered or not claims, "claims of a dead worker"
    taken = [_checked(model, asked, claim, window) for claim in claims]
    assert len({job.birth for job in taken}) == len(taken), "a job was claimed twice"
    model.claimed(asked.worker, claims)
    for job in taken:
        if job.flow.group_limit:
            running = model.running(job.queue, job.flow.group)
            assert running <= max(LIMIT, _with_php(model, job)), f"the group of {job} is over"
    if not is_whole:
        return
    _check_order(asked, taken, place)
    if model.workers[asked.worker].is_registered:
        left = [job for job in model.jobs if _had_to_be_free(model, asked, job, window)]
        _check_left(model, asked, taken, left, place)


def _with_php(model: Model, job: Job) -> int:
    """How many of the group PHP holds: it knows no groups."""
    group = (job.queue, job.flow.group)
    same = [each for each in model.jobs if (each.queue, each.flow.group) == group]
    return sum(each.with_php for each in same)


def _checked(model: Model, asked: Asked, claim: Claim, window: Window) -> Job:
    """The job of a claim, if it may be claimed."""
    job = model.seen(claim.id, claim.payload)
    assert job is not None, f"{claim}: there is no such job"
    assert job.status == Status.NEW, f"{claim}: {job} does not wait"
    assert job.queue in asked.queues, f"{claim} is of another queue"
    assert job.queue not in model.paused, f"{claim}: its queue is paused"
    assert job.handler not in asked.skip, f"{claim}: its handler is to be skipped"
    assert job.may_be_due(window), f"{claim}: {job} is not due"
    told = (claim.fence, claim.attempts, claim.recoveries)
    assert told == (job.fence + 1, job.attempts + 1, job.recoveries), f"{claim} of {job}"
    assert (claim.handler, claim.queue, claim.payload) == (job.handler, job.queue, job.payload)
    return job


def _had_to_be_free(model: Model, asked: Asked, job: Job, window: Window) -> bool:
    """Whether the job is left, although nothing kept the claim from taking it."""
    is_wanted = job.queue in asked.queues and job.handler not in asked.skip
    is_free = job.status == Status.NEW and job.queue not in model.paused
    return bool(job.id) and is_wanted and is_free and job.is_due(window)


def _check_order(asked: Asked, taken: Sequence[Job], place: Place) -> None:
    """Fail if a later claim certainly belongs before an earlier one."""
    for index, later in enumerate(taken):
        for earlier in taken[:index]:
            if place(earlier.id) == place(later.id):
                assert not _is_before(asked, later, earlier), f"{later} came after {earlier}"


def _rank(asked: Asked, job: Job) -> tuple[int, int]:
    return asked.queues.index(job.queue), -job.priority


def _is_before(asked: Asked, first: Job, second: Job) -> bool:
    """Whether `first` certainly belongs before `second`, whatever the turns of groups are."""
    ranks = _rank(asked, first), _rank(asked, second)
    if ranks[0] != ranks[1]:
        return ranks[0] < ranks[1]
    return first.flow.group == second.flow.group and first.goes_before(second)


def _check_left(
    model: Model, asked: Asked, taken: Sequence[Job], left: Iterable[Job], place: Place
) -> None:
    """Fail if a job that was left had to be taken before another one, or besides."""
    is_sharded = len({place(job.id) for job in [*taken, *left]}) > 1
    turns = Counter((place(job.id), _rank(asked, job), job.flow.group) for job in taken)
    for job in left:
        is_full = job.flow.group_limit and model.running(job.queue, job.flow.group) >= LIMIT
        # A claim that has found something does not ask all shards.
        if not is_full and not (is_sharded and taken):
            assert len(taken) == asked.limit, f"{job} was left, and {len(taken)} taken"
        for other in taken:
            same = (job.queue, job.flow.group) == (other.queue, other.flow.group)
            if place(job.id) != place(other.id) or (is_full and not same):
                continue
            assert not _is_before(asked, job, other), f"{job} was left, and {other} taken"
            if not is_full and _rank(asked, job) == _rank(asked, other):
                own = (place(job.id), _rank(asked, job))
                mine, others = turns[*own, job.flow.group], turns[*own, other.flow.group]
                assert others <= mine + 1, f"{job} has not had its turn, and {other} was taken"

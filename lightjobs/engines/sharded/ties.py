"""The ties that decide in which shard a job has to be: its key and its group, and those of what
follows it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ...errors import LightjobsError
from ...model import (
    CATCH_OPTION,
    CHAIN_OPTION,
    Flow,
    NewBatch,
    NewJob,
    Step,
    steps_of,
)
from ...text import shortened

FOLLOWING = (CHAIN_OPTION, CATCH_OPTION)


class Tie(NamedTuple):
    """A key or a group. All jobs that have it are in one shard."""

    name: str
    """What messages call it."""
    text: str
    """What the shard follows from."""


def key_text(key: str) -> str:
    """What the shard of a key follows from."""
    return f"key:{key}"


def ties_of(job: NewJob) -> dict[Tie, None]:
    """The ties of a job and of what has to be where it is, each once: what catches its failure and,
    if it is part of a batch, the rest of its chain. Raises LightjobsError for a link of its chain
    that has several ties of its own."""
    return dict.fromkeys(_ties(job))


def ties_of_batch(batch: NewBatch, jobs: Sequence[NewJob]) -> dict[Tie, None]:
    """The ties of a batch: those of its jobs and of what it calls."""
    return ties_of_step(Step(tuple(jobs), batch))


def ties_of_step(step: Step) -> dict[Tie, None]:
    """The same for a step."""
    return dict.fromkeys(_ties_of_step(step))


def only(ties: dict[Tie, None], what: str) -> Tie | None:
    """The tie, if there is one. Raises LightjobsError if there are several: `what` has them. That
    is refused whatever their shards are, so that it does not depend on the keys' hash."""
    if len(ties) < 2:
        return next(iter(ties), None)
    first, second, *_ = ties
    raise LightjobsError(
        f"{what} has {first.name} and {second.name}; allowed with several shards "
        "(REDIS_JOB_SHARDS, REDIS_URLS): one key or one group, since each belongs to a shard of "
        "its own"
    )


def _ties(job: NewJob) -> Iterator[Tie]:
    if job.flow is not None:
        yield from _own(job.queue, job.flow)
    if job.options is not None and any(f'"{name}"' in job.options for name in FOLLOWING):
        values: Any = json.loads(job.options)
        for step in steps_of(values.get(CATCH_OPTION)):
            yield from _ties_of_step(step)
        for step in steps_of(values.get(CHAIN_OPTION)):
            if is_counted(step):
                yield from _ties_of_step(step)
            else:
                only(dict.fromkeys(_ties_of_step(step)), "a link of a chain")


def is_counted(step: Step) -> bool:
    """Whether a batch counts this link of a chain, which must then be where the batch is."""
    if step.batch is not None:
        return step.batch.parent is not None
    return any(job.flow is not None and job.flow.batch is not None for job in step.jobs)


def _own(queue: str, flow: Flow) -> Iterator[Tie]:
    if flow.unique is not None:
        yield Tie(f"the key {shortened(repr(flow.unique.key), 100)}", key_text(flow.unique.key))
    if flow.group is not None:
        name = f"the group {shortened(repr(flow.group), 100)} of queue {queue!r}"
        yield Tie(name, f"group:{queue}\0{flow.group}")


def _ties_of_step(step: Step) -> Iterator[Tie]:
    for job in step.jobs:
        yield from _ties(job)
    if step.batch is not None:
        for steps in step.batch[4:]:
            for each in steps:
                yield from _ties_of_step(each)

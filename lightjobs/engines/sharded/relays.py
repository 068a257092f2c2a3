"""Links of chains whose key or group is of another shard than the job before them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from ...errors import LightjobsError
from ...model import Done, NewBatch, NewJob, Outcome, Step, read_steps, steps_text, unrefused
from ..redis.engine import RedisEngine
from .shards import Shard, Shards
from .ties import is_counted, only, ties_of_step

Push = Callable[[Sequence[NewJob], NewBatch | None], object]
"""Stores jobs and the batch that they are part of, if there is one."""


def relayed(
    shards: Shards, push: Push, shard: Shard, worker: str, outcomes: Sequence[Outcome]
) -> list[Outcome]:
    """The outcomes of jobs of `shard`, once the links that belong elsewhere have been pushed. The
    script would push them in its own shard, where their key does not count.

    They are pushed before the settlement, and only if the job is still held: the same link comes
    twice only if the process dies in between, after which the job before it runs again, too."""
    found = list(outcomes)
    held: set[tuple[str, int]] | None = None
    for place, outcome in enumerate(outcomes):
        if type(outcome) is not Done or outcome.next is None:
            continue
        steps = read_steps(outcome.next)
        homes = [_home(shards, step) or shard for step in steps]
        if all(home is shard for home in homes):
            continue
        if held is None:
            held = {claim[:2] for claim in shards.ask(shard, lambda each: each.held(worker))}
        if outcome[:2] in held:
            left = []
            for step, home in zip(steps, homes, strict=True):
                if home is shard:
                    left.append(step)
                else:
                    shards.ask(home, partial(_push, push, step))
            found[place] = outcome._replace(next=steps_text(left) if left else None)
    return found


def _push(push: Push, step: Step, _: RedisEngine) -> None:
    push([_absolute(job) for job in step.jobs], step.batch)


def _home(shards: Shards, step: Step) -> Shard | None:
    """The shard in which a link has to be; None if it stays where the job before it is."""
    if is_counted(step):
        return None
    try:
        tie = only(ties_of_step(step), "a link of a chain")
    except LightjobsError:  # it was stored when there were no shards
        return None
    return None if tie is None else shards.of_text(tie.text)


def _absolute(job: NewJob) -> NewJob:
    """A job of a step, whose `due` is seconds after its push, as it is pushed now."""
    job = job._replace(flow=unrefused(job.flow))
    return job if job.due is None else job._replace(due=time.time() + job.due)

"""What chains and batches are made of: jobs, or other chains and batches, become steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from ..dispatching.new_jobs import new_jobs
from ..errors import JobDefinitionError
from ..execution.following import link
from ..execution.middleware import with_options
from ..execution.registry import BEGIN
from ..model import BATCH_OPTION, CATCH_OPTION, Flow, NewJob, Step, catch_steps, step_rows
from ..process import clock
from ..text import shortened

ALLOWED = "job objects, chains and batches"


@runtime_checkable
class Compound(Protocol):
    """A chain or a batch."""

    def links(self, batch: str | None) -> list[Step]:
        """What it consists of, one after the other, as part of the batch with that id."""


def steps_after(things: Iterable[Any], where: str) -> tuple[Step, ...]:
    """For each of `things`, which were given at `where`, the step that pushes it. Raises
    JobDefinitionError for what cannot be pushed, and PayloadError."""
    return tuple(link(links_of(thing, None, where)) for thing in things)


def links_of(thing: Any, batch: str | None, where: str) -> list[Step]:
    """The links of a job, a chain or a batch, as part of the batch with the id `batch`; None: of
    none. Raises as `steps_after` does."""
    if isinstance(thing, Compound):
        return thing.links(batch)
    job = thing.as_job() if hasattr(thing, "as_job") else thing
    if isinstance(job, type) or not hasattr(job, "_has_ties"):
        raise JobDefinitionError(
            f"{where} is given {shortened(repr(thing))}; allowed: {ALLOWED}, such as X() for a "
            "class X"
        )
    (new,) = new_jobs(job, [job.getPayload()])
    return [Step((_tied(_relative(new), batch),))]


def parts_of(things: Iterable[Any], batch: str, where: str) -> Iterator[NewJob]:
    """The jobs with which the parts of the batch `batch` begin."""
    for thing in things:
        first = link(links_of(thing, batch, where))
        if first.batch is None:
            yield absolute(first.jobs[0])
        else:
            yield absolute(_beginning(first, batch))


def _beginning(step: Step, batch: str) -> NewJob:
    """A job that does nothing, and which `step`, a batch, follows: what begins a part of a batch is
    a job. It goes where the first job of that batch goes."""
    queue = step.jobs[0].queue if step.jobs else "default"
    begin = Step((_tied(NewJob(BEGIN, queue, "{}"), batch),))
    return link([begin, step]).jobs[0]


def caught(step: Step, catch: tuple[Step, ...]) -> Step:
    """`step`, whose failure is also told by pushing `catch`."""
    if step.batch is not None:
        batch = step.batch._replace(catch=(*step.batch.catch, *catch))
        return step._replace(batch=batch)
    (job,) = step.jobs
    before = catch_steps(job.options)
    return Step((with_options(job, **{CATCH_OPTION: step_rows((*before, *catch))}),))


def absolute(job: NewJob) -> NewJob:
    """A job of a step, whose `due` is seconds after its push, as it is pushed now."""
    return job if job.due is None else job._replace(due=clock.now() + job.due)


def _relative(job: NewJob) -> NewJob:
    return job if job.due is None else job._replace(due=max(0.0, job.due - clock.now()))


def _tied(job: NewJob, batch: str | None) -> NewJob:
    """`job` as part of a batch."""
    if batch is None:
        return job
    flow = (job.flow or Flow())._replace(batch=batch)
    return with_options(job, **{BATCH_OPTION: batch})._replace(flow=flow)

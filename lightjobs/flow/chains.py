"""Chains: jobs that run one after the other, each when the one before it is done."""

from __future__ import annotations

from typing import Any, Self

from .. import current
from ..dispatching import async_dispatch
from ..errors import JobDefinitionError
from ..execution.following import link
from ..model import Step
from .parts import ALLOWED, absolute, caught, links_of, steps_after


class Chain:
    """What `chain` returns: links that run one after the other. A link is pushed in the step in
    which the store accepts that the one before it is done."""

    def __init__(self, things: tuple[Any, ...]) -> None:
        self._things = things
        self._catch: list[Any] = []

    def catch(self, *jobs: Any) -> Self:
        """Have `jobs` (or chains, or batches) pushed when a link fails for good; the links behind
        it are not run. If that link is retried by hand and is done, the chain goes on."""
        self._catch += jobs
        steps_after(jobs, "catch()")
        return self

    def links(self, batch: str | None = None) -> list[Step]:
        """The links, as part of the batch with that id; None: of none."""
        links = [each for thing in self._things for each in links_of(thing, batch, "chain()")]
        catch = steps_after(self._catch, "catch()")
        return [caught(each, catch) for each in links] if catch else links

    def dispatch(self, *, connection: Any = None) -> str:
        """Store the first link, which knows the others, and return its id: that of a job or, if the
        chain begins with a batch, of that batch. `connection` and errors are as for
        `Job.dispatch`."""
        first = link(self.links())
        jobs = [absolute(job) for job in first.jobs]
        if first.batch is None:
            return current.dispatch(jobs, connection)[0]
        current.dispatch(jobs, connection, first.batch)
        return first.batch.id

    async def dispatchAsync(self, *, connection: Any = None) -> str:
        """As `dispatch`, without blocking the event loop; see `Job.dispatchAsync`."""
        await async_dispatch.load(True)
        first = link(self.links())
        jobs = [absolute(job) for job in first.jobs]
        ids = await async_dispatch.dispatch(jobs, connection, first.batch)
        return ids[0] if first.batch is None else first.batch.id


def chain(*jobs: Any) -> Chain:
    """A chain of `jobs`: job objects, other chains, and batches, which are one link each. A
    function job takes part as `send.withArguments(…)`. Raises JobDefinitionError for anything else,
    and PayloadError for a payload that cannot be stored.

    `expires` and `retryUntil` of all links count from the dispatch of the chain; `delay` counts
    from the push of the link.
    """
    if not jobs:
        raise JobDefinitionError(f"chain() is given nothing; allowed: {ALLOWED}")
    made = Chain(jobs)
    made.links()  # a wrong one is refused here, not at dispatch
    return made

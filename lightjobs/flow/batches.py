"""Batches: jobs that are counted together, and what is run when they have ended."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, Self

from .. import current
from ..dispatching import async_dispatch
from ..errors import JobDefinitionError
from ..model import NewBatch, Step
from ..text import shortened
from .parts import parts_of, steps_after
from .runs import BatchRun

NAME_LENGTH = 191
"""The most characters of a batch's name."""


class Batch:
    """What `batch` returns: jobs to dispatch together."""

    def __init__(self, things: Iterable[Any], name: str, allow_failures: bool) -> None:
        self._things = list(things)
        self._name = name
        self._allow_failures = allow_failures
        self._callbacks: dict[str, list[Any]] = {"then": [], "catch": [], "always": []}

    def then(self, *jobs: Any) -> Self:
        """Have `jobs` (or chains, or batches) pushed when all jobs of the batch are done."""
        return self._call("then", jobs)

    def catch(self, *jobs: Any) -> Self:
        """Have `jobs` pushed when the first job of the batch has failed for good or, with
        `allowFailures`, when all have ended and at least one has failed."""
        return self._call("catch", jobs)

    def always(self, *jobs: Any) -> Self:
        """Have `jobs` pushed when all jobs of the batch have ended, whatever became of them."""
        return self._call("always", jobs)

    def _call(self, name: str, jobs: tuple[Any, ...]) -> Self:
        steps_after(jobs, f"{name}()")  # a wrong one is refused here, not at dispatch
        self._callbacks[name] += jobs
        return self

    def links(self, batch: str | None = None) -> list[Step]:
        """The batch as a single link; `batch` is the id of the one around it, if there is one."""
        id = secrets.token_hex(12)
        callbacks = {name: steps_after(jobs, f"{name}()") for name, jobs in self._callbacks.items()}
        new = NewBatch(id, self._name, batch, self._allow_failures, **callbacks)
        return [Step(tuple(parts_of(self._things, id, "batch()")), new)]

    def dispatch(self, *, connection: Any = None) -> BatchRun:
        """Store the batch and its jobs, all or none, and return it as it runs. `connection` and
        errors are as for `Job.dispatch`."""
        (step,) = self.links()
        assert step.batch is not None
        current.dispatch(step.jobs, connection, step.batch)
        return BatchRun(step.batch.id)

    async def dispatchAsync(self, *, connection: Any = None) -> BatchRun:
        """As `dispatch`, without blocking the event loop; see `Job.dispatchAsync`."""
        await async_dispatch.load(True)
        (step,) = self.links()
        assert step.batch is not None
        await async_dispatch.dispatch(step.jobs, connection, step.batch)
        return BatchRun(step.batch.id)


class Batches:
    """The type of `lightjobs.batch`.

    `batch(jobs, name="", allowFailures=False)` makes a batch of `jobs`: job objects, chains, which
    count as one each, and other batches, likewise. `name` is shown to people, up to 191 characters.
    A batch without jobs ends when it is dispatched. Raises JobDefinitionError for anything else,
    and PayloadError for a payload that cannot be stored: for callbacks at once, for jobs at the
    dispatch.
    """

    def __call__(self, jobs: Iterable[Any], name: str = "", allowFailures: bool = False) -> Batch:
        """A batch of `jobs`; see the class."""
        if not isinstance(name, str) or len(name) > NAME_LENGTH or not (name.isprintable()):
            raise JobDefinitionError(
                f"the name of a batch is {shortened(repr(name))}; allowed: up to {NAME_LENGTH} "
                "printable characters"
            )
        if isinstance(jobs, (str, bytes)) or not isinstance(jobs, Iterable):
            raise JobDefinitionError(
                f"batch() is given {shortened(repr(jobs))}; allowed: a list of job objects, chains "
                "and batches"
            )
        return Batch(jobs, name, bool(allowFailures))

    def find(self, id: str) -> BatchRun | None:
        """The batch with that id; None if the store does not know it: it never was there, or ended
        more than a week ago. Raises StoreUnavailable."""
        found = current.engine().batches.find(id)
        return None if found is None else BatchRun(id)


batch = Batches()
"""Makes a batch of jobs, and finds one again: `batch([...]).dispatch()`, `batch.find(id)`."""

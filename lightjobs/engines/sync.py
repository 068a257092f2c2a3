"""The engine that runs a job at dispatch, in the caller: Lightpack's default."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import JobReleased
from ..execution.async_bridge import run_here
from ..execution.exception_text import describe
from ..execution.executor import execute
from ..execution.hooks import execute_hook, has_hook, hook_needs_loop
from ..execution.run import Run
from ..execution.variables import Origin
from ..model import (
    Claim,
    Done,
    Failed,
    NewBatch,
    NewJob,
    Step,
    callbacks_due,
    catch_steps,
    read_steps,
    utc_text,
)
from ..settings.settings import Settings
from .unstored import NoBatches, UnstoredEngine, new_id

_log = logging.getLogger("lightjobs")


class SyncEngine(UnstoredEngine):
    """Runs each job once, at once. Delay and attempts have no meaning here; an exception of the
    handler reaches the caller after onFailure, as in Lightpack. A job cannot be put back, so
    `release()` only ends the run."""

    name = "sync"
    runs_at_dispatch = True
    unworkable = (
        "JOB_ENGINE=sync runs every job at once, where it is dispatched, "
        "so there is nothing to work on."
    )

    def __init__(self, unset_in: Path | None = None) -> None:
        """`unset_in` is the folder searched for JOB_ENGINE if this engine was not chosen but is the
        default. The first push then logs a warning: a program that was started in another folder
        than its project's would otherwise run every job itself without anyone noticing."""
        super().__init__()
        self.batches = SyncBatches(self.push, self._push_steps)
        self._warnings: list[str] = []
        self._untold = unset_in is not None
        if unset_in is not None:
            where = f"the environment, .env and config/ in {unset_in} were searched"
            self.unworkable = (
                f"JOB_ENGINE is not set ({where}), so it is sync: every job runs at dispatch."
            )
            advice = "Set it to redis, valkey or database to queue jobs, or to sync to run them so."
            self._warnings = [f"{self.unworkable} {advice}"]

    def warnings(self) -> list[str]:
        return self._warnings

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        if self._untold:
            self._untold = False
            _log.warning(*self._warnings)
        return [self._run(job) for job in jobs]

    def _run(self, job: NewJob) -> str:
        claim = Claim(
            id=new_id(),
            fence=1,
            handler=job.handler,
            queue=job.queue,
            payload=job.payload,
            attempts=1,
            recoveries=0,
            created_at=utc_text(time.time()),
            options=job.options,
        )
        run = Run(claim)
        run.variables = Origin().fresh()
        run_here(execute(run), run.needs_loop(), run.variables)
        if isinstance(run.exception, JobReleased):
            return claim.id
        if run.exception is not None:
            run.outcome = Failed(claim.id, claim.fence, describe(run.exception))
        if has_hook(run):
            run_here(execute_hook(run), hook_needs_loop(run), run.variables)
        if run.exception is not None:
            self._push_steps(catch_steps(job.options))
            raise run.exception
        if type(run.outcome) is Done:
            self._push_steps(read_steps(run.outcome.next))
        return claim.id

    def _push_steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            if step.batch is None:
                self.push(step.jobs)
            else:
                self.batches.push(step.batch, step.jobs)


class SyncBatches(NoBatches):
    """Batches whose jobs run at once: when one has been pushed it has ended, and is forgotten."""

    def __init__(
        self,
        push: Callable[[Sequence[NewJob]], list[str]],
        push_steps: Callable[[Sequence[Step]], None],
    ) -> None:
        """`push` and `push_steps` are those of the engine."""
        super().__init__("sync")
        self._push = push
        self._push_steps = push_steps

    def push(self, batch: NewBatch, jobs: Sequence[NewJob]) -> list[str]:
        """Run all jobs of the batch, then its callbacks. Raises what the first job that failed has
        raised, after that."""
        ids: list[str] = []
        errors: list[BaseException] = []
        for job in jobs:
            try:
                ids += self._push([job])
            except Exception as error:
                errors.append(error)
        for name in callbacks_due(0, len(errors), 0, batch.allow_failures, ()):
            self._push_steps(getattr(batch, name))
        if errors:
            raise errors[0]
        return ids

    def add(self, batch_id: str, jobs: Sequence[NewJob]) -> list[str]:
        """Run the jobs at once."""
        return self._push(jobs)


def connect(settings: Settings) -> SyncEngine:
    """The engine that runs jobs at dispatch. It knows whether it was chosen."""
    return SyncEngine(settings.unset_in)

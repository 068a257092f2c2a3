"""Cancelling, pausing, cleaning up and expiring jobs: written once for all stores, with their verbs
`move`, `purge` and `count`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from ..errors import LightjobsError
from ..model import Outcome, Settlement, Status
from ..settings.duration import ANY_AGE
from .cleanup_plan import Step, plan
from .consistency import ConsistencyStore
from .coordination import CoordinationStore
from .lightpack import LightpackStore
from .metadata_store import MetadataStore
from .schedule_store import ScheduleStore
from .schema import Schema
from .store import JobStore, Progress
from .where import Where, one_job


class Engine(JobStore):
    """A store and everything that is built on it: what `lightjobs.engine()` returns."""

    schedule: ScheduleStore
    """Which moments of the schedule's entries have been dispatched."""
    metadata: MetadataStore
    """What the project keeps next to its jobs."""
    coordination: CoordinationStore
    """Locks of programs, and the hits that were counted."""
    schema: Schema | None = None
    """The store's tables; None where there are none."""
    consistency: ConsistencyStore | None = None
    """Finding and mending what does not agree; None where nothing but this process writes."""
    lightpack: LightpackStore | None = None
    """What is done for PHP workers; None where they cannot share the store."""

    def cancel(self, job_id: str) -> bool:
        """Cancel one job. A waiting, delayed or paused one never runs; a running one is told, and
        its outcome is refused. Returns False when there is no such job or it has ended."""
        return self.cancel_many(one_job(job_id)) > 0

    def cancel_many(self, where: Where, progress: Progress | None = None) -> int:
        """Cancel the jobs that fit `where` and return their number."""
        cancelled = self.move("cancel", where, progress)
        if cancelled and self.retention.cancelled == 0:
            # Running jobs stay until their workers let go of them.
            self.purge(where.of(status=Status.CANCELLED))
        return cancelled

    def pause(self, job_id: str) -> bool:
        """Keep one waiting or delayed job from running until it is resumed. Returns False when the
        job is not waiting."""
        return self.move("pause", one_job(job_id)) > 0

    def resume(self, job_id: str) -> bool:
        """Let a paused job run, with the due time and priority it had. Returns False when the job
        is not paused."""
        return self.move("resume", one_job(job_id)) > 0

    def cleanup(
        self,
        *,
        queue: str | None = None,
        handler: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        **actions: str,
    ) -> dict[str, int]:
        """Clean up jobs according to their status, in bounded parts, while workers run.

        `actions` gives for each group of jobs (`pending`, `processing`, `completed`, `failed`,
        `cancelled`, `paused`) what to do: "nothing" (the default), "rerun", "remove" or "remove
        older than 7 days" (since they ended, or else since they were created). `queue` and
        `handler`, a stored handler, restrict all actions. Removing a job that is being processed
        cancels it: it is deleted when its worker lets go of it, or stays as cancelled where
        cancelled jobs are kept.

        Returns the number of jobs touched in each group whose action is not "nothing"; with
        `dry_run` they are only counted. Raises LightjobsError for any other group or action.
        """
        where = Where(queue=queue, handler=handler)
        steps = plan(actions)
        return {
            group: 0 if step is None else self._clean(step, where, dry_run, progress)
            for group, step in steps.items()
        }

    def _clean(self, step: Step, where: Where, dry_run: bool, progress: Progress | None) -> int:
        where = where.of(status=step.status, before=step.before)
        if dry_run:
            return self.count(where)
        if step.move is None:
            return self.purge(where, progress)
        return self.move(step.move, where, progress)

    def expire(self) -> int:
        """Delete the ended jobs that `retention` no longer keeps, and return their number."""
        ages = {
            Status.COMPLETED: self.retention.completed,
            Status.FAILED: self.retention.failed,
            Status.CANCELLED: self.retention.cancelled,
        }
        total = 0
        for status, age in ages.items():
            if age is not None:
                before = time.time() - age if age else ANY_AGE
                total += self.purge(Where(status=status, before=before))
        return total

    def maintain(self) -> int:
        """Periodic upkeep, called by workers: `expire`, then `tidy`. Returns the number of jobs
        that have expired."""
        expired = self.expire()
        self.tidy()
        return expired

    def ensure_ready(self) -> None:
        """Return if workers can work with the store now. Raises SchemaOutdated or StoreUnavailable
        otherwise."""
        if self.schema is not None:
            self.schema.ensure_current()
        self.held("")

    def drop_cancelled(self, outcomes: Sequence[Outcome], answers: Sequence[Settlement]) -> None:
        """Delete the jobs whose outcomes were refused because they had been cancelled, unless
        cancelled jobs are kept. Until now they stayed so that their outcomes could be refused.

        Each store's `settle` ends with this, as a step of its own after it has the answers. A
        settlement whose reply was lost is repeated: if it had deleted the job, the repeated one
        would answer Done with ACCEPTED, as for every job that is gone.
        """
        if self.retention.cancelled != 0 or Settlement.CANCELLED not in answers:
            return
        with suppress(LightjobsError):  # then the job is deleted when it expires
            for outcome, answer in zip(outcomes, answers, strict=True):
                if answer is Settlement.CANCELLED:
                    self.purge(Where(job_id=outcome.id, status=Status.CANCELLED))

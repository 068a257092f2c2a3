"""What people do to jobs, and what workers do about jobs that have ended, written once for every
store: functions of its verbs `move`, `purge` and `count`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from ..errors import LightjobsError
from ..model import Outcome, Settlement, Status
from .cleanup_plan import Step, plan
from .lightpack import LightpackStore
from .schedule_store import ScheduleStore
from .schema import Schema
from .store import JobStore, Progress
from .where import Where, one_job


class Engine(JobStore):
    """A store with all that is built on it: what `lightjobs.engine()` returns."""

    schedule: ScheduleStore
    """Which moments of the schedule's entries have been dispatched."""
    schema: Schema | None = None
    """The store's tables; None where there are none."""
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
            # What still runs stays until its worker lets go of it.
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
        """Clean up by what became of the jobs, in bounded parts, while workers run.

        `actions` says what to do to the jobs of a group, each of `pending`, `processing`,
        `completed`, `failed`, `cancelled` and `paused`: "nothing" (the default), "rerun", "remove"
        or "remove older than 7 days" (since they ended, or else since they were created). `queue`
        and `handler`, a stored handler, narrow all of them. To remove a job that is being processed
        is to cancel it: it goes when its worker lets go of it, or stays as cancelled where
        cancelled jobs are kept.

        Returns the number of jobs of each group that was to be touched; with `dry_run` only counts.
        Raises LightjobsError for any other group or action.
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
                # Times of ending are kept in whole seconds: 0 seconds ago includes this one.
                before = time.time() - age + (1 if age == 0 else 0)
                total += self.purge(Where(status=status, before=before))
        return total

    def maintain(self) -> int:
        """Periodic upkeep, the workers' business: `expire`, and what the store needs itself.
        Returns the number of jobs that have expired."""
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
        cancelled jobs are kept: until now they stayed so that the outcome could be refused.

        A step after the settlement, for `settle` to take: a settlement whose answer was lost is
        repeated, and for a job that is gone its answer would be ACCEPTED.
        """
        if self.retention.cancelled != 0 or Settlement.CANCELLED not in answers:
            return
        with suppress(LightjobsError):  # then it goes with those that expire
            for outcome, answer in zip(outcomes, answers, strict=True):
                if answer is Settlement.CANCELLED:
                    self.purge(Where(job_id=outcome.id, status=Status.CANCELLED))

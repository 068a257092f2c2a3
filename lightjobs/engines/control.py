"""Cancelling, pausing, cleaning up and expiring jobs: written once for all stores, with their verbs
`move`, `purge` and `count`."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from ..errors import LightjobsError
from ..model import Cursor, Expired, Outcome, Settlement, Status
from ..notes.observed import Rate, Worker
from ..settings.duration import ANY_AGE
from .batch_store import BatchStore
from .cleanup_plan import Step, plan
from .consistency import ConsistencyStore
from .coordination import CoordinationStore
from .failures import Failure, error_head
from .lightpack import LightpackStore
from .metadata_store import MetadataStore
from .monitoring_store import MonitoringStore
from .rare_looks import RareLooks
from .result_store import ResultStore
from .schedule_store import ScheduleStore
from .schema import Schema
from .store import JobStore, Progress
from .transfer_store import TransferStore
from .unique_store import UniqueStore
from .where import Where, one_job

FAILURES = 500
"""Failed jobs that are read at once."""


class Engine(JobStore):
    """A store and everything that is built on it: what `lightjobs.engine()` returns."""

    schedule: ScheduleStore
    """Which moments of the schedule's entries have been dispatched."""
    metadata: MetadataStore
    """What the project keeps next to its jobs."""
    monitoring: MonitoringStore
    """What is seen of queues and workers, and the history of runs."""
    coordination: CoordinationStore
    """Locks of programs, and the hits that were counted."""
    results: ResultStore
    """What runs tell of themselves: their progress, and results that are kept for a while."""
    unique: UniqueStore
    """The keys of unique jobs."""
    batches: BatchStore
    """Jobs that are counted together, and what is pushed when they have ended."""
    schema: Schema | None = None
    """The store's tables; None where there are none."""
    consistency: ConsistencyStore | None = None
    """Finding and mending what does not agree; None where nothing but this process writes."""
    lightpack: LightpackStore | None = None
    """What is done for PHP workers; None where they cannot share the store."""
    transfers: TransferStore | None = None
    """Taking jobs to another store; None where no jobs are kept."""

    def cancel(self, job_id: str) -> bool:
        """Cancel one job. A waiting, delayed or paused one never runs; a running one is told, and
        its outcome is refused. Returns False when there is no such job or it has ended."""
        return self.cancel_many(one_job(job_id)) > 0

    def cancel_many(self, where: Where, progress: Progress | None = None) -> int:
        """Cancel the jobs that fit `where` and return their number."""
        cancelled = self.move("cancel", where, progress)
        if cancelled and self.retention.cancelled == 0:
            # Running jobs stay until their workers let go of them. The others have ended just now,
            # which may be after `before`.
            self.purge(where.of(status=Status.CANCELLED, before=None))
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
        """Delete the ended jobs that neither `retention` nor their own keepResult keeps any longer,
        and return their number."""
        ages = {
            Status.COMPLETED: self.retention.completed,
            Status.FAILED: self.retention.failed,
            Status.CANCELLED: self.retention.cancelled,
        }
        total = self.results.forget()
        for status, age in ages.items():
            if age is not None:
                where = Where(status=status, before=time.time() - age if age else ANY_AGE)
                if status == Status.COMPLETED:
                    total += self._rare_looks().look(partial(self.purge, where.of(unkept=True)))
                else:
                    total += self.purge(where)
        return total

    def _rare_looks(self) -> RareLooks:
        """The looks for completed jobs that are kept no longer. Each reads those that are kept on
        their own account and no others, if such jobs are dropped when they end."""
        found: RareLooks = self.__dict__.setdefault("_completed_looks", RareLooks())
        return found

    def maintain(self) -> int:
        """Periodic upkeep, called by workers: `expire`, then `tidy`. Returns the number of jobs
        that have expired."""
        expired = self.expire()
        self.tidy()
        return expired

    def workers(self) -> list[Worker]:
        """The registered workers, by name, each with what it last said of itself. Raises
        StoreUnavailable and SchemaOutdated."""
        return self.monitoring.workers()

    def latency(self) -> dict[str, float]:
        """The latency of each queue that has a due job: the seconds for which its oldest due job
        has been due. Raises StoreUnavailable and SchemaOutdated."""
        return self.monitoring.latency()

    def rates(
        self,
        span: int,
        since: float,
        queue: str | None = None,
        handler: str | None = None,
        until: float | None = None,
    ) -> list[Rate]:
        """The history in buckets of `span` seconds (60, 600 or 3600) that end after `since` and, if
        it is given, begin before `until` (unix seconds), ordered by bucket, queue and handler, of
        one queue or stored handler if it is given. Raises LightjobsError for another span,
        StoreUnavailable and SchemaOutdated."""
        return self.monitoring.rates(span, since, queue, handler, until)

    def failures(self, most: int) -> Iterator[Failure]:
        """Up to `most` jobs that failed for good, the latest first. They are read in parts, as they
        are asked for. Raises StoreUnavailable and SchemaOutdated."""
        where, after, left = Where(status=Status.FAILED), None, most
        while left > 0:
            size = min(left, FAILURES)
            jobs = self.browse(where, size, after)
            for job in jobs:
                yield Failure(job.id, job.handler, job.failed_at, error_head(job.exception))
            if len(jobs) < size:
                return
            left -= size
            after = Cursor(jobs[-1].failed_at or jobs[-1].scheduled_at, jobs[-1].id)

    def ensure_ready(self) -> None:
        """Return if workers can work with the store now. Raises SchemaOutdated or StoreUnavailable
        otherwise."""
        if self.schema is not None:
            self.schema.ensure_current()
        self.held("")

    def spread(self) -> list[str]:
        """How the jobs are spread over shards, a line for each server that has some; [] where there
        are no shards."""
        return []

    def drop_cancelled(self, outcomes: Sequence[Outcome], answers: Sequence[Settlement]) -> None:
        """Delete the jobs whose outcomes were refused because they had been cancelled, and those
        that have expired, unless cancelled jobs are kept. Until now they stayed so that their
        outcomes could be refused or, if they have expired, settled again with the same answer.

        Each store's `settle` ends with this, as a step of its own after it has the answers. A
        settlement whose reply was lost is repeated: if it had deleted the job, the repeated one
        would answer Done with ACCEPTED, as for every job that is gone.
        """
        if self.retention.cancelled != 0:
            return
        if Settlement.CANCELLED not in answers and Expired not in set(map(type, outcomes)):
            return
        with suppress(LightjobsError):  # then the job is deleted when it expires
            for outcome, answer in zip(outcomes, answers, strict=True):
                is_expired = type(outcome) is Expired and answer is Settlement.ACCEPTED
                if answer is Settlement.CANCELLED or is_expired:
                    self.purge(Where(job_id=outcome.id, status=Status.CANCELLED))

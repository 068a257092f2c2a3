"""What the model says of keys and batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from lightjobs.model import Flow, Status, Unique, callbacks_due

from .values import Batch, Job

WAITS = (Status.NEW, Status.PAUSED)
HELD_WHILE = {"waiting": WAITS, "active": (*WAITS, Status.QUEUED), "window": tuple(Status)}


class Keys:
    """Who took each key last. It holds it as its status says."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[Job, str]] = {}
        self.gone: set[int] = set()
        """The births of jobs that are gone."""

    def holder(self, key: str) -> Job | None:
        """The job that holds `key`, which may be gone."""
        if key not in self.taken:
            return None
        job, scope = self.taken[key]
        if job.birth in self.gone:
            return job if scope == "window" else None
        return job if job.status in HELD_WHILE[scope] else None

    def take(self, job: Job) -> None:
        unique = job.flow.unique
        if unique is not None:
            self.taken[unique.key] = job, unique.scope

    def may_take(self, job: Job) -> bool:
        """Whether the job may become like a new one."""
        return job.key is None or self.holder(job.key) in (None, job)

    def refused(self, unique: Unique | None, count: int) -> bool:
        """Whether a push of so many jobs with this key is refused as a whole."""
        if unique is None or unique.when_taken != "refuse":
            return False
        return count > 1 or self.holder(unique.key) is not None


class Batches:
    """The batches. What they count follows from the jobs."""

    def __init__(self) -> None:
        self.known: dict[str, Batch] = {}

    def counts(self, batch: Batch, jobs: Iterable[Job]) -> dict[str, int]:
        """The numbers that a StoredBatch must have."""
        own = Counter(job.status for job in jobs if job.flow.batch == batch.id)
        found = {
            "total": batch.total,
            "waiting": own[Status.NEW] + own[Status.PAUSED],
            "running": own[Status.QUEUED],
            "failed": own[Status.FAILED] + batch.removed_failed,
            "cancelled": own[Status.CANCELLED] + batch.removed_cancelled,
        }
        return {**found, "done": 2 * batch.total - sum(found.values())}

    def note_removed(self, job: Job) -> None:
        """Note that a job is deleted that has the status it is deleted with."""
        batch = self.known.get(job.flow.batch or "")
        if batch is None or job.status == Status.COMPLETED:
            return
        if job.status == Status.FAILED:
            batch.removed_failed += 1
        else:
            batch.removed_cancelled += 1

    def advance(self, jobs: Sequence[Job], push: Callable[[str], None]) -> None:
        """Push the callbacks that are due, each once in the life of its batch."""
        for batch in self.known.values():
            counts = self.counts(batch, jobs)
            unfinished = counts["waiting"] + counts["running"]
            due = callbacks_due(
                unfinished, counts["failed"], counts["cancelled"], False, batch.called
            )
            batch.called += due
            for name in due:
                if name in batch.callbacks:
                    push(batch.callbacks[name])


def tie(kind: str, names: tuple[str, str], when_taken: str = "keep") -> Flow:
    """The flow of a job with that kind of tie. `names` are those of its key and its group."""
    key, group = names
    limit = LIMIT if kind == "group" else None
    scope = {"waiting": "waiting", "active": "active", "window": "window"}.get(kind)
    unique = None if scope is None else Unique(key, scope, 600.0, when_taken)
    return Flow(unique, group if kind == "group" else None, limit)


LIMIT = 2
"""How many jobs of a group may be claimed at a time."""

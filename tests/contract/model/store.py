"""The model of a store: which jobs there are, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from lightjobs.engines.moves import ENDED, MOVES
from lightjobs.engines.store import MAX_RECOVERIES, WORKER_LOST
from lightjobs.model import Claim, Flow, NewJob, Retention, Status

from .ties import WAITS, Batches, Keys
from .values import RUNS, Job, Window, Worker

AFTER = "after"
"""The queue of what follows a job or a batch ends with this."""


class Model:
    """What must be true of the jobs of one example. A call that an engine has carried out is told
    to it, together with the window in which that was."""

    def __init__(self, name: str, retention: Retention) -> None:
        self.name = name
        self.queues = (f"{name}-q1", f"{name}-q2", f"{name}-{AFTER}")
        self.retention = retention
        self.jobs: list[Job] = []
        self.births = 0
        self.ended: dict[int, str] = {}
        """What became of the jobs that are gone, by their births."""
        self.workers: dict[str, Worker] = {}
        self.paused: set[str] = set()
        self.keys = Keys()
        self.batches = Batches()
        self.cut: set[tuple[str, str]] = set()
        """Workers and the jobs that were taken from them by hand and given to others."""

    # Which jobs there are.

    def job(self, job_id: str) -> Job | None:
        return next((job for job in self.jobs if job.id == job_id), None)

    def seen(self, job_id: str, payload: str) -> Job | None:
        """The job that the store shows. One that the store has pushed itself has its id now."""
        for job in self.jobs:
            if not job.id and job.payload == payload:
                job.id = job_id
        return self.job(job_id)

    def held(self, worker: str) -> list[Job]:
        """The jobs that the worker runs."""
        return [each for each in self.jobs if (each.worker, each.status) == (worker, Status.QUEUED)]

    def running(self, queue: str, group: str | None) -> int:
        """How many jobs of a group are claimed."""
        same = [each for each in self.jobs if (each.queue, each.flow.group) == (queue, group)]
        return sum(each.status == Status.QUEUED for each in same)

    def add(self, new: NewJob, due: tuple[float, float], job_id: str = "") -> Job:
        """A job that is stored."""
        self.births += 1
        row = (new.payload, new.queue, new.handler, new.priority)
        job = Job(self.births, self.births, *row, due, new.flow or Flow(), job_id)
        self.jobs.append(job)
        self.keys.take(job)
        return job

    def remove(self, job: Job, how: str) -> None:
        """The job is deleted, having ended."""
        assert job.birth not in self.ended, f"{job} has ended before"
        self.ended[job.birth] = how
        self.keys.gone.add(job.birth)
        self.jobs.remove(job)

    # What is done to them.

    def push(self, news: Sequence[NewJob], window: Window) -> list[Job]:
        """Jobs are pushed that are not refused. Returns for each the job that it has become, be it
        another one that holds its key."""
        found = []
        for new in news:
            unique = None if new.flow is None else new.flow.unique
            holder = None if unique is None else self.keys.holder(unique.key)
            due = window.second if new.due is None else (new.due, new.due)
            if unique is None or holder is None:
                found.append(self.add(new, due))
                continue
            is_waiting = holder in self.jobs and holder.status in WAITS
            if unique.when_taken == "replace" and is_waiting:
                holder.payload, holder.priority, holder.due = new.payload, new.priority, due
                if self.keys.taken[unique.key][1] != "window":
                    self.keys.taken[unique.key] = holder, unique.scope
            found.append(holder)
        return found

    def follow(self, payload: str, window: Window) -> None:
        """The store pushes what follows something."""
        job = self.add(NewJob("After", self.queues[2], payload), window.second)
        job.order = 0  # several may be pushed in one step, in an order that the store chooses

    def advance(self, window: Window) -> None:
        """What is due of batches is pushed."""
        self.batches.advance(self.jobs, lambda payload: self.follow(payload, window))

    def claimed(self, worker: str, claims: Iterable[Claim]) -> None:
        """The worker holds these jobs from now on."""
        for claim in claims:
            job = self.job(claim.id)
            assert job is not None
            job.status, job.worker = Status.QUEUED, worker
            job.attempts += 1
            job.fence += 1
            self.workers[worker].claims.append(claim)

    def recover(self, worker: Worker, window: Window) -> int:
        """The worker is dead."""
        worker.is_registered = False
        lost = self.held(worker.name)
        for job in self.jobs:
            if job.worker == worker.name:
                job.worker = None
        for job in lost:
            job.lost += 1
            if job.recoveries >= MAX_RECOVERIES:
                job.recoveries, job.status, job.exception = 0, Status.FAILED, WORKER_LOST
            else:
                job.recoveries += 1
                job.attempts = max(0, job.attempts - 1)
                job.put_back()
        self.advance(window)
        return len(lost)

    def run_out(self) -> list[Worker]:
        """The workers that a search for dead ones finds."""
        return [each for each in self.workers.values() if each.is_registered and each.has_run_out]

    def movable(self, name: str, jobs: Iterable[Job]) -> list[Job]:
        """Those of `jobs` that the move is allowed for, of which no two have one key."""
        move, found, keys = MOVES[name], [], set()
        for job in jobs:
            if job.status not in move.sources or (move.fresh and not self.keys.may_take(job)):
                continue
            if not (move.fresh and job.key in keys):
                found.append(job)
            keys |= {job.key} - {None}
        return found

    def move(self, name: str, jobs: Sequence[Job], window: Window) -> None:
        """Jobs are moved that are `movable`."""
        move = MOVES[name]
        for job in jobs:
            if job.status == Status.QUEUED:
                job.fence += 1
                if move.target == Status.NEW:
                    self._cut(job)
                    job.attempts = max(0, job.attempts - 1)
                    job.put_back()
            if move.fresh:
                self._cut(job)
                job.attempts = job.recoveries = 0
                job.exception, job.worker, job.due = None, None, window.second
                self.keys.take(job)
            job.status, job.with_php = move.target, False
        self.advance(window)

    def _cut(self, job: Job) -> None:
        if job.worker is not None:
            self.cut.add((job.worker, job.id))

    def cancel(self, jobs: Sequence[Job], fits: Callable[[Job], bool], window: Window) -> None:
        """Jobs are cancelled, and those deleted that fit and that no worker has to let go of."""
        self.move("cancel", jobs, window)
        if jobs and self.retention.cancelled == 0:
            self.purge([job for job in self.jobs if fits(job)], Status.CANCELLED, window)

    def purge(self, jobs: Sequence[Job], status: str, window: Window) -> int:
        """Those of `jobs` are deleted that have the status and no worker."""
        gone = [job for job in jobs if job.status == status and job.worker is None]
        for job in gone:
            self.batches.note_removed(job)
            self.remove(job, f"purged, {status}")
        self.advance(window)
        return len(gone)

    def counts(self, queue: str) -> dict[str, int]:
        """How many jobs of the queue have each status."""
        own = [job.status for job in self.jobs if job.queue == queue]
        return {status: own.count(status) for status in Status}

    def unfinished(self) -> list[Job]:
        return [job for job in self.jobs if job.status in RUNS]

    def final(self) -> list[Job]:
        return [job for job in self.jobs if job.status in ENDED]

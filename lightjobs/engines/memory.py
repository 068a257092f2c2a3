"""The specification: every verb of the seam in plain Python, under one lock.

Over 300 lines because a specification is easiest to read in one place.
"""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import LightjobsError, UnknownWorker
from ..model import (
    SETTLED_AS,
    Claim,
    Cursor,
    Done,
    Expired,
    Failed,
    Group,
    HandBack,
    KeyHolder,
    NewJob,
    Outcome,
    Release,
    Settlement,
    Status,
    Step,
    Stored,
    Unique,
    catch_steps,
    read_steps,
    row_number,
    unrefused,
    utc_text,
)
from ..notes.attempt_errors import lost_pieces, with_line
from ..process import clock
from .caller_transaction import (
    AsyncCallerTransaction,
    CallerTransaction,
    NoAsyncTransaction,
    NoTransaction,
)
from .control import Engine
from .memory_batches import MemoryBatches
from .memory_coordination import MemoryCoordination
from .memory_jobs import MemoryJob, claim_of
from .memory_looks import MemoryLooks
from .memory_monitoring import MemoryMonitoring
from .memory_queues import MemoryQueues
from .memory_results import MemoryResults
from .memory_schedule import MemorySchedule
from .memory_transfers import MemoryTransfers
from .memory_unique import MemoryUnique
from .metadata_store import MemoryMetadata
from .moves import ENDED, Move, legal_move, legal_purge
from .store import MAX_RECOVERIES, WORKER_LOST, Progress, pausable
from .where import EVERYWHERE, Where


class MemoryEngine(Engine):
    """Keeps jobs in the memory of this process, and only as long as it runs. Workers are threads of
    the same process."""

    name = "memory"
    unworkable = (
        "JOB_ENGINE=memory keeps jobs inside the process that dispatches them, "
        "so a worker process of its own has nothing to work on."
    )

    def __init__(self) -> None:
        self._jobs: dict[int, MemoryJob] = {}
        self._workers: dict[str, float] = {}
        self._notes: dict[str, str] = {}
        self._paused: set[str] = set()
        self._queues = MemoryQueues(self._jobs, self._paused)
        self._swept_at = clock.now()
        self._sweep_from = 0.0
        self._births = itertools.count(1)
        self._changed = threading.Condition()
        self.metadata = MemoryMetadata()
        self.coordination = self._coordination = MemoryCoordination()
        self.monitoring = MemoryMonitoring(self._changed, self._jobs, self._workers, self._notes)
        self.results = MemoryResults(self._changed, self._jobs, self._remove)
        self._looks = MemoryLooks(self._changed, self._jobs)
        self.unique = self._unique = MemoryUnique(self._changed, self._jobs)
        self.batches = self._batches = MemoryBatches(self._changed, self.push, self._push_step)
        self.schedule = self._schedule = MemorySchedule(self._changed, self.push)
        self.transfers = MemoryTransfers(
            self._changed, self._jobs, self._births, self._queues, self._unique
        )

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        with self._changed:
            self._unique.refuse_taken(jobs)
            ids = [self._push(new) for new in jobs]
            self._changed.notify_all()
            return ids

    def _push(self, new: NewJob) -> str:
        """Store one job and return its id, or that of the job that holds its key."""
        unique = None if new.flow is None else new.flow.unique
        holder = None if unique is None else self._unique.holder(unique.key)
        if unique is not None and holder is not None:
            return self._taken(new, unique, holder)
        now = clock.now()
        due = float(int(now)) if new.due is None else new.due
        job = MemoryJob(next(self._births), new, due, utc_text(now))
        self._jobs[job.birth] = job
        self._queues.add(job)
        self._batches.note_stored(job)
        if unique is not None:
            self._unique.take(unique, str(job.birth))
        return str(job.birth)

    def _taken(self, new: NewJob, unique: Unique, holder: KeyHolder) -> str:
        """What becomes of a job whose key is held."""
        job = self._jobs.get(row_number(holder.job_id))
        is_waiting = job is not None and job.status in (Status.NEW, Status.PAUSED)
        if unique.when_taken == "replace" and job is not None and is_waiting:
            job.new = job.new._replace(payload=new.payload, priority=new.priority)
            job.due = float(int(clock.now())) if new.due is None else new.due
            self._queues.add(job)
            if holder.scope != "window":
                self._unique.take(unique, holder.job_id)
        return holder.job_id

    def _push_step(self, step: Step) -> None:
        """Push what follows a job or a batch."""
        now = clock.now()
        jobs = [
            new._replace(due=None if new.due is None else now + new.due, flow=unrefused(new.flow))
            for new in step.jobs
        ]
        if step.batch is None:
            self.push(jobs)
        else:
            self._batches.push(step.batch, jobs)

    def _remove(self, job: MemoryJob) -> None:
        self._batches.note_removed(job)
        del self._jobs[job.birth]

    def join(self, connection: Any) -> CallerTransaction:
        return NoTransaction(self)

    def join_async(self, connection: Any) -> AsyncCallerTransaction:
        return NoAsyncTransaction(self)

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str] = ()
    ) -> list[Claim]:
        with self._changed:
            claims: list[Claim] = []
            if worker not in self._workers:
                raise UnknownWorker(f"there is no worker {worker!r}")
            for queue in queues:
                while len(claims) < limit and (job := self._queues.next(queue, skip)):
                    self._queues.take(job)
                    job.status, job.worker = Status.QUEUED, worker
                    job.attempts += 1
                    job.fence += 1
                    claims.append(claim_of(job, max(0.0, clock.now() - job.due)))
            return claims

    def held(self, worker: str) -> list[Claim]:
        with self._changed:
            return [claim_of(job) for job in self._held(worker) if job.status == Status.QUEUED]

    def _held(self, worker: str) -> list[MemoryJob]:
        return [job for job in self._jobs.values() if job.worker == worker]

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[Settlement]:
        with self._changed:
            jobs = [self._jobs.get(int(outcome.id)) for outcome in outcomes]
            answers = [self._settle(worker, outcome) for outcome in outcomes]
            self._batches.changed_with(job for job in jobs if job is not None)
            self.drop_cancelled(outcomes, answers)
            self._changed.notify_all()
            return answers

    def _settle(self, worker: str, outcome: Outcome) -> Settlement:
        answer = self._answer(worker, outcome)
        if answer is Settlement.ACCEPTED and type(outcome) is Done and outcome.entry is not None:
            self._schedule.note_completed(outcome.entry, outcome.id)
        return answer

    def _answer(self, worker: str, outcome: Outcome) -> Settlement:
        job = self._jobs.get(int(outcome.id))
        if job is None:
            is_ours = worker in self._workers and type(outcome) is Done
            return Settlement.ACCEPTED if is_ours else Settlement.LOST
        if job.status == Status.QUEUED and job.worker == worker and job.fence == outcome.fence:
            self._store(job, outcome)
            return Settlement.ACCEPTED
        if job.status != Status.QUEUED and job.worker == worker:
            job.worker = None  # the worker has let go of a cancelled job: now it may be purged
        is_repeated = job.fence == outcome.fence and job.status == SETTLED_AS[type(outcome)]
        if is_repeated and worker in self._workers:
            return Settlement.ACCEPTED
        return Settlement.CANCELLED if job.status == Status.CANCELLED else Settlement.LOST

    def _store(self, job: MemoryJob, outcome: Outcome) -> None:
        job.worker = None
        match outcome:
            case Done(result=result, keep=keep, next=following):
                job.status, job.failed_at = Status.COMPLETED, clock.now()
                job.exception, job.result = None, result
                own = self.retention.own(keep)
                job.kept_until = None if own is None else clock.now() + own
                if keep is None and self.retention.completed == 0:
                    self._remove(job)
                for step in read_steps(following):
                    self._push_step(step)
            case Release(due=due, attempts=attempts, exception=exception, error=error):
                job.exception, job.errors = exception, with_line(error, job.errors)
                self._requeue(job, due, attempts)
            case HandBack():
                self._requeue(job, job.due, job.attempts - 1)
            case Expired(exception=exception):
                job.status, job.attempts = Status.CANCELLED, job.attempts - 1
                job.exception, job.failed_at = exception, clock.now()
            case Failed(exception=exception, error=error):
                job.errors = with_line(error, job.errors)
                self._fail(job, exception)

    def _requeue(self, job: MemoryJob, due: float, attempts: int) -> None:
        job.status, job.due, job.attempts = Status.NEW, due, attempts
        self._queues.add(job)

    def _fail(self, job: MemoryJob, exception: str) -> None:
        job.status, job.exception, job.failed_at = Status.FAILED, exception, clock.now()
        for step in catch_steps(job.new.options):
            self._push_step(step)

    def register(self, worker: str, lease: float) -> None:
        with self._changed:
            if worker in self._workers:
                raise LightjobsError(f"there is a worker {worker!r} already")
            self._workers[worker] = clock.now() + lease

    def beat(
        self, workers: Sequence[str], lease: float, notes: Mapping[str, str] | None = None
    ) -> list[str]:
        with self._changed:
            for worker in workers:
                if worker in self._workers:
                    self._workers[worker] = clock.now() + lease
                    if notes and worker in notes:
                        self._notes[worker] = notes[worker]
            return [worker for worker in workers if worker not in self._workers]

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        with self._changed:
            if worker is not None:
                return self._recover(worker)
            now = clock.now()
            if now - self._swept_at > lease:
                self._sweep_from = now + lease / 2
            self._swept_at = now
            self._coordination.forget()
            if now < self._sweep_from:
                return 0
            dead = [name for name, expires in self._workers.items() if expires < now]
            return sum(self._recover(name) for name in dead)

    def _recover(self, worker: str) -> int:
        self._workers.pop(worker, None)
        self._notes.pop(worker, None)
        held = self._held(worker)
        for job in held:
            job.worker = None
        lost = [job for job in held if job.status == Status.QUEUED]
        pieces = lost_pieces(worker)
        for job in lost:
            line = str(int(clock.now())).join((f"{pieces[0]}{job.attempts}{pieces[1]}", pieces[2]))
            job.errors = with_line(line, job.errors)
            if job.recoveries >= MAX_RECOVERIES:
                job.recoveries = 0
                self._fail(job, WORKER_LOST)
            else:
                job.recoveries += 1
                self._requeue(job, job.due, job.attempts - 1)
        self._batches.changed_with(lost)
        self._changed.notify_all()
        return len(lost)

    def move(
        self,
        name: str,
        where: Where = EVERYWHERE,
        progress: Progress | None = None,
        *,
        spread: int = 0,
    ) -> int:
        move = legal_move(name, where, spread)
        with self._changed:
            moved = []
            for job in self._looks.matching(where):
                if job.status in move.sources and (not move.fresh or self._unique.may_take(job)):
                    self._move(job, move, spread)
                    moved.append(job)
            self._batches.changed_with(moved)
            self._changed.notify_all()
        return _reported(len(moved), progress)

    def _move(self, job: MemoryJob, move: Move, spread: int) -> None:
        if job.status == Status.QUEUED:
            job.fence += 1  # cuts off the run
            if move.target == Status.NEW:
                job.worker = None
                job.attempts -= 1
        job.status = move.target
        if move.fresh:
            job.exception, job.failed_at, job.worker = None, None, None
            job.result, job.progress, job.kept_until = None, None, None
            job.due = float(int(clock.now()) + random.randint(0, spread))
            job.attempts, job.recoveries = 0, 0
            if job.new.flow is not None and job.new.flow.unique is not None:
                self._unique.take(job.new.flow.unique, str(job.birth))
        if move.target == Status.NEW:
            self._requeue(job, job.due, job.attempts)
        elif move.target in ENDED:
            job.failed_at = clock.now()

    def purge(self, where: Where, progress: Progress | None = None) -> int:
        legal_purge(where)
        with self._changed:
            jobs = [job for job in self._looks.matching(where) if job.worker is None]
            for job in jobs:
                self._remove(job)
            self._batches.changed_with(jobs)
        return _reported(len(jobs), progress)

    def pause_queue(self, queue: str) -> bool:
        with self._changed:
            paused = pausable(queue) not in self._paused
            self._paused.add(queue)
            return paused

    def resume_queue(self, queue: str) -> bool:
        with self._changed:
            paused = queue in self._paused
            self._paused.discard(queue)
            self._changed.notify_all()
            return paused

    def paused_queues(self) -> list[str]:
        with self._changed:
            return sorted(self._paused)

    def count(self, where: Where) -> int:
        return self._looks.count(where)

    def stats(self) -> dict[str, dict[str, int]]:
        return self._looks.stats()

    def groups(self, queue: str) -> list[Group]:
        return self._looks.groups(queue)

    def find(self, job_id: str) -> Stored | None:
        return self._looks.find(job_id)

    def browse(self, where: Where, limit: int = 50, after: Cursor | None = None) -> list[Stored]:
        return self._looks.browse(where, limit, after)

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        deadline = clock.now() + timeout
        with self._changed:
            while True:
                if any(self._queues.next(queue) for queue in queues):
                    return True
                due = self._queues.due_at(queues)
                until = deadline if due is None else min(deadline, due)
                if deadline <= clock.now():
                    return False
                self._changed.wait(max(0.0, until - clock.now()))

    def hit(self, key: str, most: int, seconds: float) -> float:
        return self._coordination.hit(key, most, seconds)


def _reported(count: int, progress: Progress | None) -> int:
    if progress is not None and count:
        progress(count)
    return count

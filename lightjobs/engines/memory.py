"""The specification: every verb of the seam in plain Python, under one lock.

Over 300 lines because a specification is easiest to read in one place.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Sequence

from ..errors import LightjobsError, UnknownWorker
from ..model import (
    SETTLED_AS,
    STATUSES,
    Claim,
    Done,
    Failed,
    HandBack,
    NewJob,
    Outcome,
    Release,
    Settlement,
    Status,
    Stored,
    row_number,
    utc_text,
)
from .control import Engine
from .memory_coordination import MemoryCoordination
from .memory_jobs import MemoryJob, Queue, claim_of, stored_of
from .memory_schedule import MemorySchedule
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
        self._queues: dict[str, Queue] = defaultdict(Queue)
        self._workers: dict[str, float] = {}
        self._paused: set[str] = set()
        self._swept_at = time.time()
        self._sweep_from = 0.0
        self._births = itertools.count(1)
        self._changed = threading.Condition()
        self.metadata = MemoryMetadata()
        self.coordination = self._coordination = MemoryCoordination()
        self.schedule = self._schedule = MemorySchedule(self._changed, self.push)

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        with self._changed:
            now = time.time()
            created_at = utc_text(now)
            ids = []
            for new in jobs:
                due = float(int(now)) if new.due is None else new.due
                job = MemoryJob(next(self._births), new, due, created_at)
                self._jobs[job.birth] = job
                self._queues[new.queue].add(job)
                ids.append(str(job.birth))
            self._changed.notify_all()
            return ids

    def claim(
        self, worker: str, queues: Sequence[str], limit: int, skip: Sequence[str] = ()
    ) -> list[Claim]:
        with self._changed:
            claims: list[Claim] = []
            if worker not in self._workers:
                raise UnknownWorker(f"there is no worker {worker!r}")
            for queue in queues:
                ready = self._queues[queue].ready
                skipped = []
                while len(claims) < limit and (job := self._next(queue)):
                    place = heapq.heappop(ready)
                    if job.new.handler in skip:
                        skipped.append(place)
                        continue
                    job.status, job.worker = Status.QUEUED, worker
                    job.attempts += 1
                    job.fence += 1
                    claims.append(claim_of(job))
                for place in skipped:
                    heapq.heappush(ready, place)
            return claims

    def _next(self, name: str) -> MemoryJob | None:
        """The first due job of the queue, left on top of its ready heap; None if it is paused."""
        if name in self._paused:
            return None
        queue = self._queues[name]
        now = time.time()
        while queue.delayed and queue.delayed[0][0] <= now:
            due, birth = heapq.heappop(queue.delayed)
            job = self._jobs.get(birth)
            if job is not None and job.status == Status.NEW and job.due == due:
                heapq.heappush(queue.ready, (-job.new.priority, due, birth))
        while queue.ready:
            _, due, birth = queue.ready[0]
            job = self._jobs.get(birth)
            if job is not None and job.status == Status.NEW and job.due == due:
                return job
            heapq.heappop(queue.ready)
        return None

    def held(self, worker: str) -> list[Claim]:
        with self._changed:
            return [claim_of(job) for job in self._held(worker) if job.status == Status.QUEUED]

    def _held(self, worker: str) -> list[MemoryJob]:
        return [job for job in self._jobs.values() if job.worker == worker]

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[Settlement]:
        with self._changed:
            answers = [self._settle(worker, outcome) for outcome in outcomes]
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
        if job.fence == outcome.fence and job.status == SETTLED_AS[type(outcome)]:
            # Settled before, by this same outcome.
            return Settlement.ACCEPTED if worker in self._workers else Settlement.LOST
        return Settlement.CANCELLED if job.status == Status.CANCELLED else Settlement.LOST

    def _store(self, job: MemoryJob, outcome: Outcome) -> None:
        job.worker = None
        match outcome:
            case Done() if self.retention.completed == 0:
                del self._jobs[job.birth]
            case Done():
                job.status, job.failed_at = Status.COMPLETED, time.time()
                job.exception = None
            case Release(due=due, attempts=attempts, exception=exception):
                job.exception = exception
                self._requeue(job, due, attempts)
            case HandBack():
                self._requeue(job, job.due, job.attempts - 1)
            case Failed(exception=exception):
                self._fail(job, exception)

    def _requeue(self, job: MemoryJob, due: float, attempts: int) -> None:
        job.status, job.due, job.attempts = Status.NEW, due, attempts
        self._queues[job.new.queue].add(job)

    def _fail(self, job: MemoryJob, exception: str) -> None:
        job.status, job.exception, job.failed_at = Status.FAILED, exception, time.time()

    def register(self, worker: str, lease: float) -> None:
        with self._changed:
            if worker in self._workers:
                raise LightjobsError(f"there is a worker {worker!r} already")
            self._workers[worker] = time.time() + lease

    def beat(self, workers: Sequence[str], lease: float) -> list[str]:
        with self._changed:
            for worker in workers:
                if worker in self._workers:
                    self._workers[worker] = time.time() + lease
            return [worker for worker in workers if worker not in self._workers]

    def recover(self, worker: str | None = None, lease: float = 30.0) -> int:
        with self._changed:
            if worker is not None:
                return self._recover(worker)
            now = time.time()
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
        held = self._held(worker)
        for job in held:
            job.worker = None
        lost = [job for job in held if job.status == Status.QUEUED]
        for job in lost:
            if job.recoveries >= MAX_RECOVERIES:
                job.recoveries = 0
                self._fail(job, WORKER_LOST)
            else:
                job.recoveries += 1
                self._requeue(job, job.due, job.attempts - 1)
        self._changed.notify_all()
        return len(lost)

    def move(self, name: str, where: Where = EVERYWHERE, progress: Progress | None = None) -> int:
        move = legal_move(name, where)
        with self._changed:
            jobs = [job for job in self._matching(where) if job.status in move.sources]
            for job in jobs:
                self._move(job, move)
            self._changed.notify_all()
        return _reported(len(jobs), progress)

    def _move(self, job: MemoryJob, move: Move) -> None:
        if job.status == Status.QUEUED:
            job.fence += 1  # cuts off the run
            if move.target == Status.NEW:
                job.worker = None
                job.attempts -= 1
        job.status = move.target
        if move.fresh:
            job.exception, job.failed_at, job.worker = None, None, None
            job.due, job.attempts, job.recoveries = float(int(time.time())), 0, 0
        if move.target == Status.NEW:
            self._requeue(job, job.due, job.attempts)
        elif move.target in ENDED:
            job.failed_at = time.time()

    def purge(self, where: Where, progress: Progress | None = None) -> int:
        legal_purge(where)
        with self._changed:
            jobs = [job for job in self._matching(where) if job.worker is None]
            for job in jobs:
                del self._jobs[job.birth]
        return _reported(len(jobs), progress)

    def count(self, where: Where) -> int:
        where.needed_status()
        with self._changed:
            return len(self._matching(where))

    def _matching(self, where: Where) -> list[MemoryJob]:
        jobs = list(self._jobs.values())
        if where.job_id is not None:
            found = self._jobs.get(row_number(where.job_id))
            jobs = [found] if found else []
        before = None if where.before is None else utc_text(where.before)
        return [
            job
            for job in jobs
            if where.queue in (None, job.new.queue)
            and where.handler in (None, job.new.handler)
            and where.status in (None, job.status)
            and (before is None or _dated(job) < before)
        ]

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

    def stats(self) -> dict[str, dict[str, int]]:
        with self._changed:
            counts: dict[str, dict[str, int]] = {}
            now = time.time()
            for job in self._jobs.values():
                queue = counts.setdefault(job.new.queue, dict.fromkeys((*STATUSES, "delayed"), 0))
                queue[job.status] += 1
                queue["delayed"] += job.status == Status.NEW and job.due > now
            return dict(sorted(counts.items()))

    def find(self, job_id: str) -> Stored | None:
        with self._changed:
            return next((stored_of(job) for job in self._matching(Where(job_id=job_id))), None)

    def browse(self, where: Where, limit: int = 50) -> list[Stored]:
        key = _by_end if where.needed_status() in ENDED else _by_due
        with self._changed:
            return [stored_of(job) for job in sorted(self._matching(where), key=key)[:limit]]

    def wait(self, queues: Sequence[str], timeout: float) -> bool:
        deadline = time.time() + timeout
        with self._changed:
            while True:
                if any(self._next(queue) for queue in queues):
                    return True
                going = [queue for queue in queues if queue not in self._paused]
                delayed = [self._queues[queue].delayed for queue in going]
                until = min([deadline, *(heap[0][0] for heap in delayed if heap)])
                if deadline <= time.time():
                    return False
                self._changed.wait(max(0.0, until - time.time()))

    def hit(self, key: str, most: int, seconds: float) -> float:
        return self._coordination.hit(key, most, seconds)


def _by_due(job: MemoryJob) -> tuple[float, int]:
    return job.due, job.birth


def _by_end(job: MemoryJob) -> tuple[float, int]:
    return -(job.failed_at or 0), -job.birth


def _dated(job: MemoryJob) -> str:
    """When the job ended, or else was created."""
    return job.created_at if job.failed_at is None else utc_text(job.failed_at)


def _reported(count: int, progress: Progress | None) -> int:
    if progress is not None and count:
        progress(count)
    return count

"""The specification: every verb of the seam in plain Python, under one lock."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import LightjobsError, UnknownWorker
from ..model import (
    STATUSES,
    Claim,
    Done,
    Failed,
    HandBack,
    LastSlot,
    NewJob,
    Outcome,
    Release,
    Slot,
    Status,
    Stored,
    row_number,
    utc_text,
)
from .store import (
    ENDED,
    EVERYWHERE,
    MAX_RECOVERIES,
    WORKER_LOST,
    Engine,
    Move,
    Progress,
    Where,
    legal_move,
    legal_purge,
    pausable,
)


@dataclass(slots=True)
class _Job:
    birth: int
    new: NewJob
    due: float
    created_at: str
    status: str = Status.NEW
    attempts: int = 0
    fence: int = 0
    recoveries: int = 0
    worker: str | None = None
    exception: str | None = None
    failed_at: float | None = None


class _Queue:
    """Ids in claim order: `delayed` by due time, those due in `ready` by priority. An entry counts
    only while its job is new and has that due time; others are dropped when they come up."""

    def __init__(self) -> None:
        self.delayed: list[tuple[float, int]] = []
        self.ready: list[tuple[int, float, int]] = []

    def add(self, job: _Job) -> None:
        heapq.heappush(self.delayed, (job.due, job.birth))


_NO_SLOT = LastSlot(float("-inf"), None, None, False)


class MemoryEngine(Engine):
    """Jobs in this process's memory; gone with it. Workers are threads of the same process."""

    name = "memory"
    works = (
        "JOB_ENGINE=memory keeps jobs inside the process that dispatches them, "
        "so a worker process of its own has nothing to work on."
    )

    def __init__(self) -> None:
        self._jobs: dict[int, _Job] = {}
        self._queues: dict[str, _Queue] = defaultdict(_Queue)
        self._workers: dict[str, float] = {}
        self._limits: dict[str, tuple[int, float]] = {}
        self._paused: set[str] = set()
        self._slots: dict[str, LastSlot] = {}
        self._swept_at = time.time()
        self._sweep_from = 0.0
        self._births = itertools.count(1)
        self._changed = threading.Condition()

    def push(self, jobs: Sequence[NewJob]) -> list[str]:
        with self._changed:
            now = time.time()
            created_at = utc_text(now)
            ids = []
            for new in jobs:
                due = float(int(now)) if new.due is None else new.due
                job = _Job(next(self._births), new, due, created_at)
                self._jobs[job.birth] = job
                self._queues[new.queue].add(job)
                ids.append(str(job.birth))
            self._changed.notify_all()
            return ids

    def claim(self, worker: str, queues: Sequence[str], limit: int) -> list[Claim]:
        with self._changed:
            claims: list[Claim] = []
            if worker not in self._workers:
                raise UnknownWorker(f"there is no worker {worker!r}")
            for queue in queues:
                while len(claims) < limit and (job := self._next(queue)):
                    heapq.heappop(self._queues[queue].ready)
                    job.status, job.worker = Status.QUEUED, worker
                    job.attempts += 1
                    job.fence += 1
                    claims.append(_claim(job))
            return claims

    def _next(self, name: str) -> _Job | None:
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
            return [_claim(job) for job in self._held(worker) if job.status == Status.QUEUED]

    def _held(self, worker: str) -> list[_Job]:
        return [job for job in self._jobs.values() if job.worker == worker]

    def settle(self, worker: str, outcomes: Sequence[Outcome]) -> list[bool]:
        with self._changed:
            accepted = [self._settle(worker, outcome) for outcome in outcomes]
            self._changed.notify_all()
            return accepted

    def _settle(self, worker: str, outcome: Outcome) -> bool:
        job = self._jobs.get(int(outcome.id))
        if job is None:
            return worker in self._workers and type(outcome) is Done
        if job.status == Status.CANCELLED and job.worker == worker:
            job.worker = None  # it has let go of it: now it may be purged
        if job.fence != outcome.fence:
            return False
        if job.status == Status.QUEUED and job.worker != worker:
            return False
        if job.status != Status.QUEUED:  # settled before; by this same outcome?
            return worker in self._workers and job.status == _settled_status(outcome)
        job.worker = None
        match outcome:
            case Done() if self.retention.completed == 0:
                del self._jobs[job.birth]
            case Done():
                job.status, job.failed_at = Status.COMPLETED, time.time()
            case Release(due=due, attempts=attempts):
                self._requeue(job, due, attempts)
            case HandBack():
                self._requeue(job, job.due, job.attempts - 1)
            case Failed(exception=exception):
                self._fail(job, exception)
        return True

    def _requeue(self, job: _Job, due: float, attempts: int) -> None:
        job.status, job.due, job.attempts = Status.NEW, due, attempts
        self._queues[job.new.queue].add(job)

    def _fail(self, job: _Job, exception: str) -> None:
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
            self._limits = {key: hit for key, hit in self._limits.items() if hit[1] > now}
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

    def _move(self, job: _Job, move: Move) -> None:
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

    def purge(
        self, status: str, where: Where = EVERYWHERE, progress: Progress | None = None
    ) -> int:
        legal_purge(status)
        with self._changed:
            jobs = [
                job for job in self._matching(where) if job.status == status and job.worker is None
            ]
            for job in jobs:
                del self._jobs[job.birth]
        return _reported(len(jobs), progress)

    def count(self, status: str, where: Where = EVERYWHERE) -> int:
        with self._changed:
            return sum(job.status == status for job in self._matching(where))

    def _matching(self, where: Where) -> list[_Job]:
        job_id, queue, handler, before, status = where
        jobs: Sequence[_Job] = list(self._jobs.values())
        if job_id is not None:
            found = self._jobs.get(row_number(job_id))
            jobs = [found] if found else []
        text = None if before is None else utc_text(before)
        return [
            job
            for job in jobs
            if (queue is None or job.new.queue == queue)
            and (handler is None or job.new.handler == handler)
            and (status is None or job.status == status)
            and (text is None or _dated(job) < text)
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
            return next((_stored(job) for job in self._matching(Where(job_id))), None)

    def browse(
        self,
        status: str,
        queue: str | None = None,
        limit: int = 50,
        handler: str | None = None,
        before: float | None = None,
    ) -> list[Stored]:
        key: Callable[[_Job], tuple[float, int]] = lambda job: (job.due, job.birth)  # noqa: E731
        if status in ENDED:
            key = lambda job: (-(job.failed_at or 0), -job.birth)  # noqa: E731
        with self._changed:
            jobs = self._matching(Where(None, queue, handler, before, status))
            return [_stored(job) for job in sorted(jobs, key=key)[:limit]]

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

    def limit(self, key: str, most: int, seconds: float) -> float:
        with self._changed:
            now = time.time()
            hits, ends_at = self._limits.get(key, (0, 0.0))
            if ends_at <= now:
                hits, ends_at = 0, now + seconds
            self._limits[key] = (min(hits + 1, most + 1), ends_at)
            return 0.0 if hits < most else ends_at - now

    def push_slots(self, slots: Sequence[Slot]) -> list[str | None]:
        with self._changed:
            return [self._push_slot(slot) for slot in slots]

    def _push_slot(self, slot: Slot) -> str | None:
        last = self._slots.get(slot.entry, _NO_SLOT)
        if last.paused or slot.due <= last.due:
            return None
        if slot.job is None:
            self._slots[slot.entry] = last._replace(due=slot.due)
            return None
        (job_id,) = self.push([slot.job])
        self._slots[slot.entry] = LastSlot(slot.due, job_id, slot.due, False)
        return job_id

    def enroll(self, entries: Sequence[str], due: float) -> None:
        with self._changed:
            for entry in entries:
                self._slots.setdefault(entry, LastSlot(due, None, None, False))

    def slots(self) -> dict[str, LastSlot]:
        with self._changed:
            return dict(self._slots)

    def pause_entry(self, entry: str) -> bool:
        with self._changed:
            last = self._slots.get(entry)
            if last is None or last.paused:
                return False
            self._slots[entry] = last._replace(paused=True)
            return True

    def resume_entry(self, entry: str, due: float) -> bool:
        with self._changed:
            last = self._slots.get(entry)
            if last is None or not last.paused:
                return False
            self._slots[entry] = last._replace(paused=False, due=max(last.due, due))
            return True

    def complete_entry(self, entry: str, job_id: str) -> bool:
        with self._changed:
            last = self._slots.get(entry)
            if last is None or last.job_id != job_id:
                return False
            self._slots[entry] = last._replace(completed=True)
            return True

    def forget_entry(self, entry: str, before: float) -> bool:
        with self._changed:
            last = self._slots.get(entry)
            if last is None or last.paused or last.due >= before:
                return False
            del self._slots[entry]
            return True

    def install(self, dry_run: bool = False) -> list[str]:
        return []

    def installed(self) -> list[tuple[str, str | None]]:
        return []

    def problems(self) -> list[str]:
        return []


def _settled_status(outcome: Outcome) -> str | None:
    return {
        Done: Status.COMPLETED,
        Release: Status.NEW,
        HandBack: Status.NEW,
        Failed: Status.FAILED,
    }.get(type(outcome))


def _dated(job: _Job) -> str:
    """When the job ended, or else was created."""
    return job.created_at if job.failed_at is None else utc_text(job.failed_at)


def _reported(count: int, progress: Progress | None) -> int:
    if progress is not None and count:
        progress(count)
    return count


def _claim(job: _Job) -> Claim:
    return Claim(
        str(job.birth),
        job.fence,
        job.new.handler,
        job.new.queue,
        job.new.payload,
        job.attempts,
        job.recoveries,
        job.created_at,
        job.new.options,
    )


def _stored(job: _Job) -> Stored:
    return Stored(
        str(job.birth),
        job.new.handler,
        job.new.queue,
        job.new.payload,
        job.status,
        job.attempts,
        job.new.priority,
        job.created_at,
        utc_text(job.due),
        job.exception,
        None if job.failed_at is None else utc_text(job.failed_at),
        job.recoveries,
        job.worker,
        job.new.options,
    )

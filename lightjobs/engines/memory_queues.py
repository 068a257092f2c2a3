"""The specification of the order of claims, in plain Python."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ..model import Status
from ..process import clock
from .memory_jobs import MemoryJob, group_of

Place = tuple[float, int, int]
"""A job's place in a heap: when it is due, its number, and which of its placings this is."""


class Queue:
    """Places in claim order: all in `delayed` by due time, until they are due and go to `ready`. A
    place counts only while its job is new and has not been placed again; any other is dropped when
    its turn comes."""

    def __init__(self) -> None:
        self.delayed: list[Place] = []
        self.ready: dict[int, dict[str | None, list[Place]]] = defaultdict(dict)
        """By priority and group. The groups of a priority stand in the order of their turns."""

    def add(self, job: MemoryJob) -> None:
        """Add a job, at its due time."""
        job.placings += 1
        heapq.heappush(self.delayed, (job.due, job.birth, job.placings))

    def ripen(self, job: MemoryJob, place: Place) -> None:
        """Move a job that is due to its group."""
        groups = self.ready[job.new.priority]
        heapq.heappush(groups.setdefault(group_of(job), []), place)

    def groups(self) -> Iterator[list[Place]]:
        """The places of each group, as their turns are, the highest priority first."""
        for priority in sorted(self.ready, reverse=True):
            yield from list(self.ready[priority].values())

    def end_turn(self, job: MemoryJob) -> None:
        """Take the place of `job`, the first of its group, and let all other groups of its priority
        have their turns before that one."""
        groups = self.ready[job.new.priority]
        places = groups.pop(group_of(job))
        if places[0][1] == job.birth:
            heapq.heappop(places)  # or else, when handlers are skipped, it is dropped in its turn
        if places:
            groups[group_of(job)] = places


class MemoryQueues:
    """The queues of a MemoryEngine, under its lock."""

    def __init__(self, jobs: dict[int, MemoryJob], paused: set[str]) -> None:
        self._jobs = jobs
        self._paused = paused
        self._queues: dict[str, Queue] = defaultdict(Queue)

    def add(self, job: MemoryJob) -> None:
        """Put a job into its queue, at its due time."""
        self._queues[job.new.queue].add(job)

    def next(self, name: str, skip: Sequence[str] = ()) -> MemoryJob | None:
        """The first job of the queue that may be claimed, whose group has its turn; None if there
        is none, or the queue is paused."""
        if name in self._paused:
            return None
        queue, now = self._queues[name], clock.now()
        while queue.delayed and queue.delayed[0][0] <= now:
            place = heapq.heappop(queue.delayed)
            if (job := self._placed(place)) is not None:
                queue.ripen(job, place)
        firsts = (self._first(places, skip) for places in queue.groups())
        return next((job for job in firsts if job is not None and self._is_free(job)), None)

    def _placed(self, place: Place) -> MemoryJob | None:
        """The job that waits at `place`; None if it does not any more."""
        _, birth, placing = place
        job = self._jobs.get(birth)
        waits = job is not None and job.status == Status.NEW and job.placings == placing
        return job if waits else None

    def _first(self, places: list[Place], skip: Sequence[str]) -> MemoryJob | None:
        """The first job of a group whose handler is not one of `skip`."""
        passed, found = [], None
        while places and found is None:
            found = self._placed(places[0])
            if found is None or found.new.handler in skip:
                place = heapq.heappop(places)
                if found is not None:
                    passed.append(place)
                found = None
        for place in passed:
            heapq.heappush(places, place)
        return found

    def _is_free(self, job: MemoryJob) -> bool:
        """Whether the limit of the job's group lets it be claimed."""
        limit = None if job.new.flow is None else job.new.flow.group_limit
        if limit is None:
            return True
        queue, group = job.new.queue, group_of(job)
        claimed = (each for each in self._jobs.values() if each.status == Status.QUEUED)
        same = sum(each.new.queue == queue and group_of(each) == group for each in claimed)
        return same < limit

    def take(self, job: MemoryJob) -> None:
        """Take the job that `next` has found."""
        self._queues[job.new.queue].end_turn(job)

    def due_at(self, names: Sequence[str]) -> float | None:
        """When the next job of these queues is due that is not due yet; None if there is none."""
        going = [self._queues[name].delayed for name in names if name not in self._paused]
        return min((places[0][0] for places in going if places), default=None)

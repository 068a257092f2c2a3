"""The steps of people and of supervisors: moves by hand, deletions, leases that run out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from lightjobs.engines import cleanup_plan
from lightjobs.engines.cleanup_plan import GROUPS
from lightjobs.engines.moves import MOVES, PURGEABLE
from lightjobs.engines.store import MAX_RECOVERIES
from lightjobs.engines.where import Where
from lightjobs.model import Status

from .machine import ALIVE, HANDLERS, NO_PAUSE, NUMBERS, OVER, SOON, Steps, pick
from .steps import step
from .values import Job, timed

Fits = Callable[[Job], bool]
FILTERS = ("queue", "one", "one", "one", "one", "ids", "handler")
PAUSE = 0.02
"""Seconds after which a search for dead workers is one after a pause here."""


class ControlSteps(Steps):
    """What is done to jobs and queues from outside."""

    def where(self, kind: str, number: int) -> tuple[Where, Fits] | None:
        """A filter, and the same for the model; None if there is nothing to choose."""
        queue = pick(self.model.queues, number)
        match kind:
            case "queue":
                return Where(queue=queue), lambda job: job.queue == queue
            case "handler":
                handler = pick(HANDLERS, number)
                where = Where(queue=queue, handler=handler)
                return where, lambda job: (job.queue, job.handler) == (queue, handler)
        count = 1 if kind == "one" else 3
        if not self.model.jobs:
            return None
        ids = {pick(self.model.jobs, number + other).id for other in range(count)}
        where = Where(job_id=min(ids)) if kind == "one" else Where(ids=tuple(ids))
        return where, lambda job: job.id in ids

    def chosen(self, name: str, where: Where, fits: Fits) -> tuple[Where, Fits, list[Job]]:
        """The jobs that a move is about. They are named by their ids if the filter would leave it
        to the store which of two jobs gets their key, or is about jobs that PHP holds."""
        fitting = [job for job in self.model.jobs if fits(job)]
        ours = [job for job in fitting if not job.with_php]
        jobs = self.model.movable(name, ours)
        keys = [job.key for job in ours if job.key is not None]
        if len(ours) < len(fitting) or len(set(keys)) < len(keys):
            ids = {job.id for job in jobs}
            return Where(ids=tuple(ids)), lambda job: job.id in ids, jobs
        return where, fits, jobs

    @step(3, name=sorted(MOVES), kind=FILTERS, number=NUMBERS)
    def move(self, name: str, kind: str, number: int) -> None:
        found = self.where(kind, number)
        if found is not None:
            self.move_those(name, *found)

    @step(2, name=["retry", "rerun", "resume", "requeue"], number=NUMBERS)
    def bring_back(self, name: str, number: int) -> None:
        """A move of a job that it is allowed for."""
        jobs = [job for job in self.model.jobs if job.status in MOVES[name].sources]
        if jobs:
            job = pick(jobs, number)
            self.move_those(name, Where(job_id=job.id), lambda each: each is job)

    def move_those(self, name: str, where: Where, fits: Fits) -> None:
        where, fits, jobs = self.chosen(name, where, fits)
        with timed() as window:
            moved = self.engine.move(name, where)
        assert moved == len(jobs), f"{moved} moved, not {jobs}"
        self.model.move(name, jobs, window)

    @step(1, kind=FILTERS, number=NUMBERS)
    def cancel(self, kind: str, number: int) -> None:
        found = self.where(kind, number)
        if found is not None:
            self.cancel_those(*found)

    def cancel_those(self, where: Where, fits: Fits) -> None:
        where, fits, jobs = self.chosen("cancel", where, fits)
        with timed() as window:
            cancelled = self.engine.cancel_many(where)
        assert cancelled == len(jobs), f"{cancelled} cancelled, not {jobs}"
        self.model.cancel(jobs, fits, window)

    @step(1, status=PURGEABLE, kind=FILTERS, number=NUMBERS)
    def purge(self, status: str, kind: str, number: int) -> None:
        found = self.where(kind, number)
        if found is not None:
            where, fits = found
            jobs = [job for job in self.model.jobs if fits(job)]
            with timed() as window:
                purged = self.engine.purge(where.of(status=status))
            assert purged == self.model.purge(jobs, status, window)

    @step(
        1,
        group=sorted(GROUPS),
        action=["rerun", "remove", "remove older than 7 days"],
        number=NUMBERS,
    )
    def cleanup(self, group: str, action: str, number: int) -> None:
        queue = pick(self.model.queues, number)
        planned = cleanup_plan.step(group, action)
        own = [job for job in self.model.jobs if (job.queue, job.status) == (queue, GROUPS[group])]
        if planned is None or any(job.with_php for job in own):
            return
        move, before = planned.move, planned.before
        if move is not None:
            keys = [job.key for job in own if job.key is not None]
            if len(set(keys)) < len(keys):
                return  # the store chooses which of them gets the key
            own = self.model.movable(move, own)
        with timed() as window:
            cleaned = self.engine.cleanup(queue=queue, **{group: action})[group]  # type: ignore[arg-type]
        if before is not None:  # no job here is that old
            assert cleaned == 0
        elif move is not None:
            self.model.move(move, own, window)
            assert cleaned == len(own)
        else:
            assert cleaned == self.model.purge(own, GROUPS[group], window)

    @step(1, number=NUMBERS)
    def pause_queue(self, number: int) -> None:
        queue = self.model.queues[number % 2]
        assert self.engine.pause_queue(queue) == (queue not in self.model.paused)
        self.model.paused.add(queue)

    @step(2, number=NUMBERS)
    def resume_queue(self, number: int) -> None:
        queue = self.model.queues[number % 2]
        assert self.engine.resume_queue(queue) == (queue in self.model.paused)
        self.model.paused.discard(queue)

    @step(1)
    def maintain(self) -> None:
        with timed() as window:
            self.engine.maintain()
        if self.model.retention.cancelled == 0:
            self.model.purge(self.model.jobs, Status.CANCELLED, window)

    @step(1)
    def time_passes(self) -> None:
        """What is due soon becomes due."""
        time.sleep(SOON)

    # Leases.

    @step(1, slot=NUMBERS)
    def beat(self, slot: int) -> None:
        """Also of workers that are forgotten, which are told so."""
        workers = [self.worker(slot), *self.model.workers.values()]
        self.check_beat(list(dict.fromkeys(each.name for each in workers)), ALIVE)

    @step(1, slot=NUMBERS)
    def lose(self, slot: int) -> None:
        """A supervisor has seen the worker die."""
        worker = self.worker(slot)
        with timed() as window:
            recovered = self.engine.recover(worker.name)
        assert recovered == self.model.recover(worker, window)

    @step(2, slot=NUMBERS)
    def run_out(self, slot: int) -> None:
        """The lease of a worker is over; nobody has noticed that yet."""
        self.check_beat([self.worker(slot).name], OVER)

    def check_beat(self, names: Sequence[str], lease: float) -> None:
        lost = self.engine.beat(names, lease)
        assert lost == [each for each in names if not self.model.workers[each].is_registered]
        for name in names:
            self.model.workers[name].has_run_out = lease == OVER

    @step(1, slot=NUMBERS, order=NUMBERS)
    def lose_again_and_again(self, slot: int, order: int) -> None:
        """Whoever claims the first jobs dies."""
        for _ in range(MAX_RECOVERIES + 1):
            self.register(slot)
            self.claim(slot, order, 2, 0)
            self.lose(slot)

    @step(2, after_pause=(True, False, False, False), slot=NUMBERS)
    def sweep(self, after_pause: bool, slot: int) -> None:
        if after_pause:
            self.run_out(slot)
            time.sleep(1.5 * PAUSE)
            self.check_sweep(PAUSE)
            time.sleep(PAUSE)
        self.check_sweep(NO_PAUSE)

    def check_sweep(self, lease: float) -> None:
        """Search for dead workers, who are given time to beat after a pause of all searches."""
        with timed() as window:
            recovered = self.engine.recover(lease=lease)
        is_waited_for = lease == PAUSE and window.end - window.begin < PAUSE / 2
        dead = [] if is_waited_for or (lease == PAUSE and not recovered) else self.model.run_out()
        assert recovered == sum(self.model.recover(each, window) for each in dead)

"""The steps that programs, workers and people take, on an engine and on the model."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import TypeVar

from lightjobs.engines.control import Engine
from lightjobs.errors import BatchEnded, JobExists, UnknownWorker
from lightjobs.model import (
    Claim,
    Done,
    Expired,
    Failed,
    Flow,
    HandBack,
    NewBatch,
    NewJob,
    Outcome,
    Release,
    Retention,
    Step,
    steps_text,
)
from tests.contract.flows import is_php
from tests.support.stores import Store

from . import claims, outcomes
from .claims import Asked
from .steps import step
from .store import Model
from .ties import tie
from .values import Batch, Job, Window, Worker, timed

HANDLERS = ("App\\Jobs\\A", "App\\Jobs\\B")
ALIVE, OVER = 600.0, -1.0
"""Leases: one that does not run out here, and one that has run out."""
NO_PAUSE = 1e10
"""Seconds since the last search for dead workers that are no reason to wait."""
SOON, LATER = 0.03, 3600.0
MANY_JOBS = 25
T = TypeVar("T")
_examples = itertools.count()


def pick(things: Sequence[T], number: int) -> T:
    """One of `things`, of which there is at least one."""
    return things[number % len(things)]


NUMBERS = range(31)
"""They choose one of what there is when the step is taken, so that the steps are the same on each
engine."""
DUES = ("now", "now", "past", "past", "soon", "later")
ENDS = ("d", "dd", "D", "f", "r", "l", "s", "h", "x", "dfrh", "xDds", "hlfx")


class Steps:
    """Jobs of two queues: what programs and workers do."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.name = f"example{next(_examples)}"
        self.engine: Engine = self.store.engine
        self.model = Model(self.name, Retention())
        self.base = int(time.time())
        self.slots: dict[int, str] = {}
        self.sent: list[tuple[str, list[Outcome]]] = []
        self.numbers = itertools.count()
        self.has_ties = not is_php(self.store)

    def begin(self, keeps: bool) -> None:
        retention = Retention(None, None, None) if keeps else Retention()
        self.engine.retention = self.model.retention = retention
        self.engine.recover(lease=NO_PAUSE)

    # What steps are made of.

    def payload(self) -> str:
        return f'{{"n":{next(self.numbers)}}}'

    def due(self, kind: str, number: int = 0) -> float | None:
        match kind:
            case "past":
                return float(self.base - 10 - 10 * (number % 3))
            case "soon":
                return round(time.time() + SOON, 6)
            case "later":
                return float(self.base) + LATER
        return None

    def place(self, job_id: str) -> int:
        """The number of the job's shard."""
        shards = getattr(self.engine, "_shards", None)
        return 0 if shards is None else shards.of_id(job_id).number

    def worker(self, slot: int) -> Worker:
        """The worker of this number, which may be dead."""
        if slot % 3 not in self.slots:
            self.register(slot)
        return self.model.workers[self.slots[slot % 3]]

    def news(self, count: int, queue: int, **fields: object) -> list[NewJob]:
        name = self.model.queues[queue % 2]
        handler = HANDLERS[queue % 4 // 2]
        return [NewJob(handler, name, self.payload(), **fields) for _ in range(count)]  # type: ignore[arg-type]

    def flow(self, kind: str, number: int, when_taken: str) -> Flow | None:
        if kind == "plain" or (kind == "group" and not self.has_ties):
            return None
        names = (f"{self.name}-k{number % 2}", f"g{number % 2}")
        return tie(kind, names, when_taken)

    def named(self, jobs: Sequence[Job], ids: Sequence[str]) -> None:
        """The jobs have got these ids."""
        assert len(ids) == len(jobs)
        for job, job_id in zip(jobs, ids, strict=True):
            assert job.id in ("", job_id), f"{job} was answered with {job_id}"
            job.id = job_id

    # Programs.

    @step(
        6,
        count=range(1, 4),
        queue=NUMBERS,
        priority=[0, 0, 1, -1],
        due=DUES,
        kind=["plain", "plain", "waiting", "active", "window", "group", "group"],
        when_taken=["keep", "refuse", "replace"],
        number=NUMBERS,
    )
    def push(
        self,
        count: int,
        queue: int,
        priority: int,
        due: str,
        kind: str,
        when_taken: str,
        number: int,
    ) -> None:
        if len(self.model.jobs) < MANY_JOBS:
            flow = self.flow(kind, number, when_taken)
            due_at = self.due(due, number)
            self.push_jobs(self.news(count, queue, priority=priority, due=due_at, flow=flow))

    def push_jobs(self, news: list[NewJob]) -> None:
        unique = None if news[0].flow is None else news[0].flow.unique
        is_refused = self.model.keys.refused(unique, len(news))
        with timed() as window:
            try:
                ids = self.engine.push(news)
            except JobExists:
                assert is_refused
                return
        assert not is_refused
        self.named(self.model.push(news, window), ids)

    @step(2, count=range(0, 3), queue=NUMBERS, group=(True, False), number=NUMBERS)
    def push_batch(self, count: int, queue: int, group: bool, number: int) -> None:
        if not self.has_ties or len(self.model.jobs) > MANY_JOBS:
            return
        batch = Batch(f"{self.name}-b{next(self.numbers)}", count, {})
        steps = {}
        for name in ("then", "catch", "always"):
            batch.callbacks[name] = self.payload()
            steps[name] = (Step((self.after(batch.callbacks[name]),)),)
        news = self.news(count, queue, flow=self.batch_flow(batch, group, number))
        with timed() as window:
            ids = self.engine.batches.push(NewBatch(batch.id, **steps), news)  # type: ignore[arg-type]
        self.model.batches.known[batch.id] = batch
        self.named(self.model.push(news, window), ids)
        self.model.advance(window)

    def batch_flow(self, batch: Batch, group: bool, number: int) -> Flow:
        flow = self.flow("group" if group else "plain", number, "keep") or Flow()
        return flow._replace(batch=batch.id)

    def after(self, payload: str) -> NewJob:
        """What follows something."""
        return NewJob("After", self.model.queues[2], payload)

    @step(1, number=NUMBERS, queue=NUMBERS)
    def grow(self, number: int, queue: int) -> None:
        if not self.model.batches.known or len(self.model.jobs) > MANY_JOBS:
            return
        batch = pick(list(self.model.batches.known.values()), number)
        counts = self.model.batches.counts(batch, self.model.jobs)
        has_ended = counts["waiting"] + counts["running"] == 0
        # No group: all ties of a batch are in one shard.
        news = self.news(2, queue, flow=Flow(batch=batch.id))
        with timed() as window:
            try:
                ids = self.engine.batches.add(batch.id, news)
            except BatchEnded:
                assert has_ended
                return
        assert not has_ended
        batch.total += 2
        self.named(self.model.push(news, window), ids)

    # Workers.

    @step(2, slot=NUMBERS)
    def register(self, slot: int) -> None:
        former = self.model.workers.get(self.slots.get(slot % 3, ""))
        if former is None or not former.is_registered:
            worker = Worker(f"{self.name}-w{next(self.numbers)}")
            self.engine.register(worker.name, ALIVE)
            self.model.workers[worker.name] = worker
            self.slots[slot % 3] = worker.name

    def asked(self, slot: int, order: int, limit: int, skip: int) -> Asked:
        first, second, after = self.model.queues
        orders = ((first, second, after), (second, first), (first,), (second, after, first))
        skipped = ((), (), (), (HANDLERS[0],), (HANDLERS[1], "After"))
        worker = self.worker(slot).name
        return Asked(worker, pick(orders, order), limit, pick(skipped, skip))

    @step(6, slot=NUMBERS, order=NUMBERS, limit=range(1, 9), skip=NUMBERS)
    def claim(self, slot: int, order: int, limit: int, skip: int) -> None:
        asked = self.asked(slot, order, limit, skip)
        found: list[Claim] = []
        with timed() as window:
            try:
                found = self.engine.claim(*asked)
            except UnknownWorker:
                assert not self.model.workers[asked.worker].is_registered
        claims.check(self.model, asked, found, window, self.place)

    def outcomes(self, worker: Worker, ends: str) -> list[Outcome]:
        """Outcomes of the jobs that the worker runs."""
        held = self.model.held(worker.name)
        return [self.outcome(job, job.fence, end) for job, end in zip(held, ends, strict=False)]

    def outcome(self, job: Job, fence: int, end: str) -> Outcome:
        past = float(self.base - 15)
        match end:
            case "d":
                return Done(job.id, fence, batch=job.flow.batch)
            case "D":
                following = steps_text((Step((self.after(self.payload()),)),))
                return Done(job.id, fence, next=following, batch=job.flow.batch)
            case "f":
                return Failed(job.id, fence, "boom")
            case "r":
                return Release(job.id, fence, past, job.attempts, "again")
            case "l":
                return Release(job.id, fence, self.base + LATER, max(0, job.attempts - 1))
            case "s":
                return Release(job.id, fence, self.due("soon") or 0, job.attempts)
            case "h":
                return HandBack(job.id, fence)
        return Expired(job.id, fence, "expired")

    def settle_outcomes(self, worker: str, given: list[Outcome]) -> None:
        with timed() as window:
            found = self.engine.settle(worker, given)
        self.check_answers(worker, given, found, window)

    def check_answers(
        self, worker: str, given: list[Outcome], found: Sequence[object], window: Window
    ) -> None:
        allowed = outcomes.settle(self.model, worker, given, window)
        assert len(found) == len(given)
        for outcome, answer, answers in zip(given, found, allowed, strict=True):
            assert answer in answers, f"{outcome} of {worker} is {answer}, not {answers}"

    @step(5, slot=NUMBERS, ends=ENDS, is_doubled=(True, False))
    def settle(self, slot: int, ends: str, is_doubled: bool) -> None:
        worker = self.worker(slot)
        given = self.outcomes(worker, ends)
        self.sent.append((worker.name, given))
        self.settle_outcomes(worker.name, given + given[:1] if is_doubled else given)

    @step(2, slot=NUMBERS, order=NUMBERS, end="ddDf")
    def work(self, slot: int, order: int, end: str) -> None:
        """What a worker does all the time, in one request where the store can do that."""
        worker, asked = self.worker(slot), self.asked(slot, order, 8, 0)
        given = self.outcomes(worker, end * 8)
        if not self.engine.answers_later or not worker.is_registered:
            self.settle_outcomes(worker.name, given)
            self.claim(slot, order, 8, 0)
            return
        with timed() as window:
            pending = self.engine.settle_and_claim(worker.name, given, *asked[1:3])
            answers, found = pending.settlements(), pending.claims()
        self.check_answers(worker.name, given, answers, window)
        # A sharded claim goes to one shard first.
        is_whole = not hasattr(self.engine, "_shards")
        claims.check(self.model, asked, found, window, self.place, is_whole)

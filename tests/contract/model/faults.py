"""The steps that networks and late workers take: lost replies, and requests that come again."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress

from lightjobs.engines.where import Where
from lightjobs.errors import StoreUnavailable
from lightjobs.model import Claim, Outcome, Status
from tests.support.stores import Store

from . import claims, looks, outcomes
from .claims import Asked
from .control import ControlSteps
from .lost_replies import LostReplies
from .machine import ENDS, NUMBERS, pick
from .steps import step
from .store import Model
from .values import Job, Window, timed

COMMIT = b"COMMIT"
LATEST = 20
"""How many requests back one may come again."""


class FaultySteps(ControlSteps):
    """What goes wrong between a worker and its store."""

    def __init__(self, store: Store, lost: LostReplies) -> None:
        super().__init__(store)
        self.lost = lost

    @step(3, number=NUMBERS)
    def send_again(self, number: int) -> None:
        """A settlement comes again: at once, or long after, when others have the jobs."""
        if self.sent:
            self.settle_outcomes(*pick(self.sent[: -LATEST - 1 : -1], number))

    @step(
        4,
        number=NUMBERS,
        end="dDfrhx",
        fault=("late", "late", "other worker", "no such fence", "former fence"),
        slot=NUMBERS,
    )
    def settle_late(self, number: int, end: str, fault: str, slot: int) -> None:
        """An outcome of any claim that there was, be it the latest one of its job or not."""
        given = [
            (worker, claim) for worker in self.model.workers.values() for claim in worker.claims
        ]
        if not given:
            return
        worker, claim = pick(given[: -LATEST - 1 : -1], number)
        told = (claim.payload, claim.queue, claim.handler, 0, (0.0, 0.0))
        job = self.model.job(claim.id) or Job(0, 0, *told, id=claim.id, attempts=claim.attempts)
        others = {"no such fence": job.fence + 1000, "former fence": job.fence - 1}
        fence = others.get(fault, claim.fence)
        name = self.worker(slot).name if fault == "other worker" else worker.name
        self.settle_outcomes(name, [self.outcome(job, fence, end)])

    @step(2, number=NUMBERS, end="dDfrhx", tells=(True, True, False))
    def cancel_running(self, number: int, end: str, tells: bool) -> None:
        """A job is cancelled, and its worker ends its run after that."""
        running = [job for job in self.model.jobs if job.worker and job.status == Status.QUEUED]
        if running:
            job = pick(running, number)
            worker, given = job.worker or "", [self.outcome(job, job.fence, end)]
            self.cancel_those(Where(job_id=job.id), lambda each: each is job)
            if tells:
                self.settle_outcomes(worker, given)

    @step(
        2,
        count=range(1, 4),
        queue=NUMBERS,
        kind=("plain", "active", "group"),
        when_taken=("keep", "replace"),
        commits=(True, False),
    )
    def lose_reply_to_push(
        self, count: int, queue: int, kind: str, when_taken: str, commits: bool
    ) -> None:
        news = self.news(count, queue, flow=self.flow(kind, queue, when_taken))
        marker = COMMIT if commits else news[0].queue.encode()
        pushed = copy.deepcopy(self.model)
        ids = None
        with timed() as window, suppress(StoreUnavailable):
            ids = self.lost.call(marker, lambda engine: engine.push(news))
        jobs = pushed.push(news, window)
        if ids is None:
            self.follow_store(self.model, pushed)
        else:
            self.model = pushed
            self.named(jobs, ids)

    @step(2, slot=NUMBERS, order=NUMBERS, limit=range(1, 9), commits=(True, False))
    def lose_reply_to_claim(self, slot: int, order: int, limit: int, commits: bool) -> None:
        asked = self.asked(slot, order, limit, 0)
        if not self.model.workers[asked.worker].is_registered:
            return
        marker = COMMIT if commits else asked.worker.encode()
        found: list[Claim] | None = None
        with timed() as window, suppress(StoreUnavailable):
            found = self.lost.call(marker, lambda engine: engine.claim(*asked))
        self.adopt(asked, found, window)

    def adopt(self, asked: Asked, told: list[Claim] | None, window: Window) -> None:
        """Take as claimed what the store says that the worker holds."""
        known = {job.id for job in self.model.held(asked.worker)}
        new = [claim for claim in self.engine.held(asked.worker) if claim.id not in known]
        if told is not None:
            # A claim of several shards says nothing of the one whose reply was lost.
            assert {claim.id for claim in told} <= {claim.id for claim in new}
        if hasattr(self.engine, "_shards"):  # what was lost in one is asked of the others
            asked = asked._replace(limit=asked.limit * len(self.engine._shards))
        claims.check(self.model, asked, new, window, self.place, is_whole=False)

    @step(2, slot=NUMBERS, ends=ENDS, commits=(True, False), again=(True, False))
    def lose_reply_to_settlement(self, slot: int, ends: str, commits: bool, again: bool) -> None:
        worker = self.worker(slot).name
        given = self.outcomes(self.worker(slot), ends)
        if not given:
            return
        self.sent.append((worker, given))
        marker = COMMIT if commits else worker.encode()
        answers = None
        with timed() as window, suppress(StoreUnavailable):
            answers = self.lost.call(marker, lambda engine: engine.settle(worker, given))
        if answers is not None:
            self.check_answers(worker, given, answers, window)
        else:
            self.follow_store(*self.settled(worker, given, window))
        if again:
            self.settle_outcomes(worker, given)

    def settled(self, worker: str, given: Sequence[Outcome], window: Window) -> Iterator[Model]:
        """What may have become of a settlement without an answer: all or nothing in each shard, and
        in the step after that the deletion of what was cancelled."""
        places = {self.place(outcome.id) for outcome in given}
        for count in range(len(places) + 1):
            for some in itertools.combinations(sorted(places), count):
                part = [outcome for outcome in given if self.place(outcome.id) in some]
                for drops in (True, False):
                    model = copy.deepcopy(self.model)
                    outcomes.settle(model, worker, part, window, drops)
                    yield model

    def follow_store(self, *candidates: Model) -> None:
        """Go on with the one of the models that is as the store."""
        found: list[str] = []
        for model in candidates:
            found = looks.differences(model, self.engine, self.has_ties)
            if not found:
                self.model = model
                return
        raise AssertionError("\n".join(found))

"""The steps of a PHP worker on the same store."""

from __future__ import annotations

import os
import time

from lightjobs.model import Done, HandBack, NewJob, Outcome, Status
from tests.compat.peer import Peer
from tests.compat.shared_table import SESSION
from tests.support.stores import Store

from .faults import FaultySteps
from .lost_replies import LostReplies
from .machine import HANDLERS, NUMBERS, pick
from .steps import step
from .values import SLACK, Job, Window, timed


def php_of(store: Store) -> Peer | None:
    """A PHP process on the store, if Lightpack can share it."""
    environment = store.environment or {}
    is_table = store.engine.name == "database"
    is_shared = store.engine.lightpack is not None
    if not is_shared or not (is_table or environment.get("REDIS_JOB_FORMAT") == "php"):
        return None
    variables = {**os.environ, **environment, "PHP_INIT_COMMAND": SESSION, "LIGHTPACK_PATH": ""}
    return Peer(variables, "pdo_mysql" if is_table else "redis")


class PhpSteps(FaultySteps):
    """What PHP does. Where it has no part, its steps do nothing."""

    def __init__(self, store: Store, lost: LostReplies, php: Peer | None) -> None:
        super().__init__(store, lost)
        self.php = php
        self.is_table = self.engine.name == "database"

    def with_php(self) -> list[Job]:
        return [job for job in self.model.jobs if job.with_php]

    def soon(self, window: Window) -> tuple[float, float]:
        """When a job is due that PHP has put back. PHP knows no fractions, and leaves ours."""
        return window.second[0], window.second[1] + 1

    @step(
        5,
        do=["dispatch", "claim", "claim", "done", "fail", "release", "retry", "delete"],
        number=NUMBERS,
    )
    def php_works(self, do: str, number: int) -> None:
        if self.php is None:
            return
        match do:
            case "dispatch":
                self.php_dispatches(self.php, number)
            case "claim":
                self.php_claims(self.php, self.model.queues[number % 2])
            case "retry":
                self.php_retries(self.php, number)
            case "delete":
                self.php_deletes(self.php, number)
            case _ if self.with_php():
                self.php_settles(self.php, do, pick(self.with_php(), number))
        if self.is_table:
            with timed() as window:
                self.engine.batches.advance()  # PHP does not know of batches
            self.model.advance(window)

    def php_dispatches(self, php: Peer, number: int) -> None:
        queue, payload = self.model.queues[number % 2], self.payload()
        with timed() as window:
            job_id = php(
                "dispatch", handler=HANDLERS[0], payload={"n": int(payload[5:-1])}, queue=queue
            )
        self.model.add(NewJob(HANDLERS[0], queue, payload), window.second, str(job_id))

    def php_claims(self, php: Peer, queue: str) -> None:
        with timed() as window:
            claimed = php("claim", queue=queue)
        # PHP asks for what is due in whole seconds, and the table drops the fraction, too.
        window.begin, window.end = window.second[0] + SLACK, window.second[1] + 1
        waiting = [job for job in self.model.jobs if self.is_for_php(job, queue)]
        certain = [job for job in waiting if job.is_due(window)]
        if claimed is None:
            assert not certain, f"PHP left {certain}"
            return
        job = self.model.job(str(claimed["id"]))
        assert job in waiting, f"PHP claimed {job}"
        assert job.may_be_due(window), f"PHP claimed {job}, which is not due"
        for other in certain:
            # In the table PHP goes by the id alone.
            before = other.order < job.order if self.is_table else other.goes_before(job)
            assert not before, f"PHP claimed {job} and left {other}"
        job.status, job.with_php = Status.QUEUED, True
        job.attempts += 1

    def is_for_php(self, job: Job, queue: str) -> bool:
        """Whether PHP sees a job: it knows neither priorities nor paused queues."""
        is_seen = self.is_table or job.priority == 0
        return is_seen and (job.queue, job.status) == (queue, Status.NEW)

    def php_settles(self, php: Peer, do: str, job: Job) -> None:
        with timed() as window:
            said = php(do, id=job.id, text="boom", queue=job.queue)
        job.with_php = False
        if do == "done":
            self.model.remove(job, "done by PHP")
        elif do == "fail":
            job.status, job.exception = Status.FAILED, str(said).partition("\n")[0]
        else:
            job.put_back()
            job.exception, job.due = None, self.soon(window)

    def php_retries(self, php: Peer, number: int) -> None:
        failed = [job for job in self.model.jobs if job.status == Status.FAILED]
        # A batch that has ended does not learn that PHP has put back one of its jobs.
        failed = [job for job in failed if job.flow.batch is None]
        failed = [job for job in failed if self.is_table or job.priority == 0]
        if failed:
            job = pick(failed, number)
            with timed() as window:
                assert php("retry", id=job.id) == 1
            job.put_back()
            job.attempts, job.exception, job.due = 0, None, self.soon(window)

    def php_deletes(self, php: Peer, number: int) -> None:
        """PHP deletes a job that a worker of ours runs."""
        running = [job for job in self.model.jobs if job.worker and job.status == Status.QUEUED]
        if running:
            job = pick(running, number)
            worker = job.worker or ""
            php("done", id=job.id)
            self.model.remove(job, "deleted by PHP")
            kind: type[Done | HandBack] = pick((Done, HandBack), number)
            given: list[Outcome] = [kind(job.id, job.fence)]
            self.settle_outcomes(worker, given)

    @step(1)
    def php_is_recovered(self) -> None:
        """Somebody says that PHP's workers have died."""
        if self.php is not None and self.engine.lightpack is not None:
            with timed() as window:
                recovered = self.engine.lightpack.recover_php(time.time() + 2)
            assert recovered == len(self.with_php())
            for job in self.with_php():
                job.put_back()
                if not self.is_table:
                    job.due = job.due[0], window.second[1] + 1

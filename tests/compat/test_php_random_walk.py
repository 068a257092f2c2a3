"""Whatever the two sides do in whatever order, no job is lost, doubled or miscounted."""

from __future__ import annotations

import random
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, NewJob, Release, Retention, Settlement, Status

HANDLER = "App\\Jobs\\Work"
QUEUES = ["default", "payments"]
MOVED = [
    ("pause", Status.NEW, Status.PAUSED),
    ("resume", Status.PAUSED, Status.NEW),
    ("cancel", Status.NEW, Status.CANCELLED),
    ("cancel", Status.PAUSED, Status.CANCELLED),
    ("cancel", "held", Status.CANCELLED),
    ("requeue", "held", Status.NEW),
    ("rerun", Status.CANCELLED, Status.NEW),
    ("rerun", Status.COMPLETED, Status.NEW),
]


class Walk:
    """Takes steps at random; `jobs` is what the store should hold, as id → status."""

    def __init__(self, php, engine, seed):
        self.php, self.engine = php, engine
        self.engine.retention = Retention(None, None, None)
        self.engine.register("w", 60.0)
        assert self.engine.claim("w", QUEUES, 1) == []  # it may learn of queues from workers
        self.random = random.Random(seed)
        self.jobs = {}
        self.queue = {}
        self.held = {}
        self.with_php = []

    def dispatch(self):
        queue = self.random.choice(QUEUES)
        if self.random.random() < 0.5:
            job_id = self.php("dispatch", handler=HANDLER, payload={"n": 1}, queue=queue)
        else:
            (job_id,) = self.engine.push([NewJob(HANDLER, queue, "{}", time.time() - 1)])
        self.jobs[job_id], self.queue[job_id] = Status.NEW, queue

    def claim(self):
        for claim in self.engine.claim("w", QUEUES, 2):
            assert self.jobs[claim.id] == Status.NEW
            self.jobs[claim.id] = "held"
            self.held[claim.id] = claim.fence

    def php_claims(self):
        claimed = self.php("claim", queue=self.random.choice(QUEUES))
        if claimed:
            assert self.jobs[claimed["id"]] == Status.NEW
            self.jobs[claimed["id"]] = "with php"
            self.with_php.append(claimed["id"])

    def settle(self):
        if not self.held:
            return
        job_id, fence = self.held.popitem()
        past = time.time() - 1
        outcome = self.random.choice(
            [
                Done(job_id, fence),
                Failed(job_id, fence, "boom"),
                Release(job_id, fence, past, 1),
                HandBack(job_id, fence),
            ]
        )
        assert self.engine.settle("w", [outcome]) == [Settlement.ACCEPTED]
        self.end(
            job_id, {Done: Status.COMPLETED, Failed: Status.FAILED}.get(type(outcome), Status.NEW)
        )

    def php_deletes_what_python_runs(self):
        if self.held:
            job_id, fence = self.held.popitem()
            self.php("done", id=job_id)
            self.engine.settle("w", [self.random.choice([Done, HandBack])(job_id, fence)])
            self.end(job_id, None)

    def php_settles(self):
        if not self.with_php:
            return
        job_id = self.with_php.pop()
        do, status = self.random.choice(
            [("done", None), ("fail", Status.FAILED), ("release", Status.NEW)]
        )
        self.php(do, id=job_id, text="boom", queue=self.queue[job_id])
        self.end(job_id, status)

    def retry(self):
        if job_id := self.one(Status.FAILED):
            if self.random.random() < 0.5:
                assert self.php("retry", id=job_id) == 1
            else:
                assert self.engine.move("retry", Where(job_id=job_id)) == 1
            self.end(job_id, Status.NEW)

    def delete(self):
        if job_id := self.one(Status.FAILED):
            if self.random.random() < 0.5:
                self.php("done", id=job_id)
            else:
                assert self.engine.purge(Where(status=Status.FAILED, job_id=job_id)) == 1
            self.end(job_id, None)

    def move(self):
        """One move by hand, of a job that PHP does not hold."""
        name, source, target = self.random.choice(MOVED)
        job_id = self.one(source)
        if job_id and job_id not in self.with_php:
            assert self.engine.move(name, Where(job_id=job_id)) == 1
            if source == "held":
                fence = self.held.pop(job_id)
                if self.random.random() < 0.5:
                    late = self.random.choice([Done, HandBack])(job_id, fence)
                    refused = Settlement.CANCELLED if name == "cancel" else Settlement.LOST
                    assert self.engine.settle("w", [late]) == [refused]
            self.end(job_id, target)

    def cancel_what_php_runs(self):
        job_id = self.one("with php")
        if job_id:
            assert self.engine.cancel(job_id)
            self.end(job_id, Status.CANCELLED)

    def delete_ended(self):
        job_id = self.one(self.random.choice([Status.COMPLETED, Status.PAUSED]))
        if job_id:
            assert self.engine.purge(Where(status=self.jobs[job_id], job_id=job_id)) == 1
            self.end(job_id, None)

    def one(self, status):
        """The id of some job with the status, or None."""
        fitting = [job_id for job_id, known in self.jobs.items() if known == status]
        return self.random.choice(fitting) if fitting else None

    def end(self, job_id, status):
        self.jobs[job_id] = status
        if status is None:
            del self.jobs[job_id]

    def check(self):
        """Every job is stored once, where its status says, and counted."""
        for status in (
            Status.NEW,
            Status.FAILED,
            Status.PAUSED,
            Status.CANCELLED,
            Status.COMPLETED,
        ):
            mine = {job_id for job_id, known in self.jobs.items() if known == status}
            assert {stored.id for stored in self.engine.browse(Where(status=status), 10000)} == mine
        assert {claim.id for claim in self.engine.held("w")} == set(self.held)
        stats = self.engine.stats()
        for queue in QUEUES:
            ids = {job_id for job_id in self.jobs if self.queue[job_id] == queue}
            counted = stats.get(queue, {})
            for status in (
                Status.NEW,
                Status.FAILED,
                Status.PAUSED,
                Status.CANCELLED,
                Status.COMPLETED,
            ):
                expected = sum(self.jobs[job_id] == status for job_id in ids)
                assert counted.get(status, 0) == expected, status
            # Those that PHP holds are in no set; an engine need not know of them.
            held = sum(self.jobs[job_id] == "held" for job_id in ids)
            assert held <= counted.get("queued", 0) <= held + len(self.with_php)

    def go(self, check):
        """Many steps; after some, `check` what is stored, as well."""
        steps = self.steps()
        for _ in range(20):
            for _ in range(15):
                self.random.choice(steps)()
            self.check()
            check()

    def steps(self):
        return [
            *[self.dispatch] * 3,
            *[self.claim, self.php_claims, self.settle, self.php_settles] * 2,
            *[self.retry, self.delete, self.php_deletes_what_python_runs],
            *[self.move] * 4,
            *[self.cancel_what_php_runs, self.delete_ended],
        ]


@pytest.mark.parametrize("seed", range(5))
def test_the_two_sides_agree_after_any_steps_on_redis(shared, seed):
    walk = Walk(shared.php, shared.engine(), seed)

    def check():
        assert shared.keys("jobs:job:*") == {f"jobs:job:{job_id}" for job_id in walk.jobs}
        for queue in QUEUES:
            members = shared.raw.zrange(f"jobs:queue:{queue}", 0, -1)
            waiting = {id for id, known in walk.jobs.items() if known == Status.NEW}
            assert {member.decode() for member in members} == {
                id for id in waiting if walk.queue[id] == queue
            }

    walk.go(check)


@pytest.mark.parametrize("seed", range(5))
def test_the_two_sides_agree_after_any_steps_in_the_jobs_table(table, seed):
    walk = Walk(table.php, table.engine, seed)

    def check():
        rows = table.server.query("SELECT id, status, worker FROM jobs")
        expected = {"held": (Status.QUEUED, "w"), "with php": (Status.QUEUED, None)}
        # What was cancelled under a worker's hands names it until it lets go.
        found = {
            id: (status, None if status == Status.CANCELLED else name) for id, status, name in rows
        }
        assert {str(id): row for id, row in found.items()} == {
            id: expected.get(known, (known, None)) for id, known in walk.jobs.items()
        }

    walk.go(check)

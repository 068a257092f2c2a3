"""What Lightpack itself has stored is read at each moment of a job's life, and worked."""

from __future__ import annotations

import json
import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Status

from .recorded import MOMENTS, NOTE

BORN = "2026-11-22 02:21:32"
LATER = "2026-11-22 02:22:02"
READ = {
    "dispatched": (Status.NEW, 0, BORN),
    "claimed": (Status.QUEUED, 1, BORN),
    "released for +30 seconds": (Status.NEW, 1, LATER),
    "claimed again": (Status.QUEUED, 2, LATER),
    "failed": (Status.FAILED, 2, LATER),
    "retried": (Status.NEW, 0, BORN),
}
EMPTY = "dispatched with an empty payload and +5 minutes"
PROCESS = """
import json

class ProcessPayment(Job):
    def handle(self):
        record(json.dumps(self.payload["payment"]), self.context.attempt)
"""


def restore(shared, moment):
    for key, value in moment.store.items():
        if isinstance(value, str):
            shared.raw.set(key, value)
        else:
            shared.raw.zadd(key, value)


def make_due(shared, moment):
    """The record's clock is not ours."""
    for key in moment.store:
        if ":queue:" in key:
            shared.raw.zadd(key, {moment.id: int(time.time())})


@pytest.mark.parametrize("name", READ)
def test_each_moment_is_read(shared, name):
    moment = MOMENTS[name]
    restore(shared, moment)
    stored = shared.engine().find(moment.id)
    assert (stored.status, stored.attempts, stored.scheduled_at) == READ[name]
    assert (stored.id, stored.handler) == (moment.id, "App\\Jobs\\ProcessPayment")
    assert (stored.queue, stored.created_at) == ("payments", BORN)
    assert (stored.priority, stored.recoveries, stored.worker) == (0, 0, None)
    assert json.loads(stored.payload) == NOTE
    if name == "failed":
        assert stored.exception.startswith("RuntimeException: Card declined\nwith a second line")
        assert stored.failed_at == BORN
    else:
        assert (stored.exception, stored.failed_at) == (None, None)
    assert shared.text(moment.id) == moment.text


@pytest.mark.parametrize("name", ["dispatched", "released for +30 seconds", "retried"])
def test_what_waits_is_claimed_and_done(shared, name):
    moment = MOMENTS[name]
    restore(shared, moment)
    make_due(shared, moment)
    claim = shared.settle(Done, queue="payments")
    assert (claim.id, claim.attempts) == (moment.id, READ[name][1] + 1)
    assert json.loads(claim.payload) == NOTE
    assert shared.keys("jobs:job:*") == set()


def test_an_empty_payload_is_claimed(shared):
    restore(shared, MOMENTS[EMPTY])
    make_due(shared, MOMENTS[EMPTY])
    claim = shared.settle(Done)
    assert (claim.handler, claim.payload) == ("App\\Jobs\\Billing\\SendInvoice", "[]")


def test_what_php_holds_is_nobody_elses(shared):
    restore(shared, MOMENTS["claimed"])
    shared.engine().register("w", 30.0)
    assert shared.engine().claim("w", ["payments"], 1) == []
    assert shared.engine().move("retry", Where(job_id=MOMENTS["claimed"].id)) == 0


def test_what_has_failed_is_listed_and_retried(shared):
    moment = MOMENTS["failed"]
    restore(shared, moment)
    assert [stored.id for stored in shared.engine().browse(Where(status=Status.FAILED))] == [
        moment.id
    ]
    assert shared.engine().stats()["payments"]["failed"] == 1
    assert shared.engine().move("retry") == 1
    retried = shared.text(moment.id)
    assert b's:8:"attempts";i:0;' in retried
    assert b's:9:"exception";N;s:9:"failed_at";N;' in retried
    assert shared.settle(Done, queue="payments").id == moment.id


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dispatched", "released for +30 seconds", "retried"])
def test_a_worker_runs_what_waits(shared, name):
    shared.project.jobs(PROCESS)
    restore(shared, MOMENTS[name])
    make_due(shared, MOMENTS[name])
    shared.project.drain("--queue=payments")
    assert shared.project.runs("42") == {str(READ[name][1] + 1): 1}

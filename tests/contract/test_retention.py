import time

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Done, Failed, HandBack, Release, Retention, Settlement

from .support import claim_one, fail, push, worker


def complete(engine, count=1, queue="q", **fields):
    push(engine, count, queue, **fields)
    name = worker(engine)
    claims = engine.claim(name, [queue], count)
    assert (
        engine.settle(name, [Done(c.id, c.fence) for c in claims]) == [Settlement.ACCEPTED] * count
    )
    return [claim.id for claim in claims]


def test_a_completed_job_is_dropped_by_default(engine):
    (id,) = complete(engine)
    assert engine.find(id) is None
    assert engine.stats() == {}


@pytest.mark.parametrize("age", [None, 3600.0])
def test_a_completed_job_stays_when_it_is_to_be_kept(engine, age):
    engine.retention = Retention(completed=age)
    before = int(time.time())
    (id,) = complete(engine, payload='{"a":1}', priority=1)
    stored = engine.find(id)
    assert (stored.status, stored.attempts, stored.worker) == ("completed", 1, None)
    assert before <= _unix(stored.failed_at) <= time.time()
    assert stored.exception is None
    assert engine.stats()["q"]["completed"] == 1
    assert engine.browse(Where(status="completed")) == [stored]
    assert engine.expire() == 0
    assert engine.find(id) == stored


def _unix(text):
    import calendar

    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def test_completing_twice_is_completing_once(engine):
    engine.retention = Retention(completed=None)
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    done = Done(claim.id, claim.fence)
    assert engine.settle(name, [done]) == engine.settle(name, [done]) == [Settlement.ACCEPTED]
    late = [
        Failed(claim.id, claim.fence, "x"),
        Release(claim.id, claim.fence, 1.0, 1),
        HandBack(claim.id, claim.fence),
    ]
    assert engine.settle(name, late) == [Settlement.LOST] * 3
    assert engine.settle(name, [Done(claim.id, claim.fence + 1)]) == [Settlement.LOST]
    assert engine.find(claim.id).status == "completed"


def test_a_completed_job_is_held_by_nobody(engine):
    engine.retention = Retention(completed=None)
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Done(claim.id, claim.fence)])
    assert engine.held(name) == []
    assert engine.recover(name) == 0
    assert engine.find(claim.id).status == "completed"


def test_a_completed_job_can_be_run_again_as_new(engine):
    engine.retention = Retention(completed=None)
    (id,) = complete(engine, priority=2)
    assert engine.move("rerun", Where(job_id=id)) == 1
    claim = claim_one(engine)
    assert (claim.id, claim.attempts, claim.fence) == (id, 1, 2)


def test_expire_drops_what_is_kept_no_longer(engine):
    engine.retention = Retention(completed=None)
    complete(engine, 3)
    fail(engine, 2)
    engine.retention = Retention(completed=0, failed=None)
    assert engine.expire() == 3
    engine.retention = Retention(completed=0, failed=0)
    assert engine.expire() == 2
    assert engine.stats() == {}


def test_expire_keeps_what_is_younger(engine):
    engine.retention = Retention(completed=2.0, failed=2.0)
    complete(engine)
    fail(engine)
    assert engine.expire() == 0
    time.sleep(3.1)
    assert engine.expire() == 2


def test_expire_touches_nothing_that_waits_or_runs(engine):
    engine.retention = Retention(0, 0, 0)
    push(engine, 2)
    claim_one(engine)
    assert engine.expire() == 0


def test_completed_and_failed_jobs_of_one_batch_are_told_apart(engine):
    engine.retention = Retention(completed=None)
    push(engine, 3)
    name = worker(engine)
    a, b, c = engine.claim(name, ["q"], 3)
    mixed = [Done(a.id, a.fence), Failed(b.id, b.fence, "x"), Release(c.id, c.fence, 1.0, 1)]
    assert engine.settle(name, mixed) == [Settlement.ACCEPTED] * 3
    assert [engine.find(x.id).status for x in (a, b, c)] == ["completed", "failed", "new"]
    assert engine.purge(Where(status="completed")) == 1
    assert engine.find(a.id) is None


def test_all_that_has_just_ended_is_older_than_zero_seconds(engine):
    engine.retention = Retention(completed=None, failed=None, cancelled=None)
    complete(engine, 2)
    fail(engine, 2)
    (cancelled,) = push(engine)
    engine.cancel(cancelled)
    (paused,) = push(engine)
    engine.pause(paused)
    push(engine, due=time.time() + 3600)
    zero = "remove older than 0 seconds"
    groups = ("pending", "completed", "failed", "cancelled", "paused")
    expected = {"pending": 1, "completed": 2, "failed": 2, "cancelled": 1, "paused": 1}
    assert engine.cleanup(**dict.fromkeys(groups, zero), dry_run=True) == expected
    assert engine.cleanup(**dict.fromkeys(groups, zero)) == expected
    assert engine.stats() == {}

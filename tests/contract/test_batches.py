"""Batches: jobs that are counted together, and what is pushed once they have ended."""

import time
from functools import partial

import pytest

from lightjobs.engines.where import Where
from lightjobs.model import Expired, Flow, HandBack, NewBatch, Release, Retention, Step, steps_text

from .flows import batch_id, claims, counts, done, failed, is_php, push_batch, settle, step, waiting
from .support import drain, in_threads, job, worker


@pytest.fixture(autouse=True)
def keeps_batches(store):
    if is_php(store):
        pytest.skip("rows in PHP's form have no place for a batch")


@pytest.fixture
def name(engine):
    return worker(engine)


def test_a_batch_counts_its_jobs(engine, name):
    before = time.time() - 2
    batch = push_batch(engine, 5, name="album 7")
    assert counts(engine, batch) == {"total": 5, "waiting": 5}
    one, two, three, _ = claims(engine, name, limit=4)
    settle(engine, name, done(one, batch), failed(two))
    settle(engine, name, HandBack(three.id, three.fence))
    assert counts(engine, batch) == {
        "total": 5,
        "waiting": 2,
        "running": 1,
        "done": 1,
        "failed": 1,
    }
    found = engine.batches.find(batch)
    assert (found.id, found.name, found.parent, found.percent) == (batch, "album 7", None, 40)
    assert before < found.created_at < time.time() + 2
    assert (found.ended_at, found.cancelled_at) == (None, None)
    assert engine.find(two.id).batch == batch
    assert engine.batches.find("none") is None


def test_its_callbacks_are_pushed_when_all_are_done(engine, name):
    batch = push_batch(
        engine, 3, then=step("then"), catch=step("catch"), always=step("always", '{"n":1}')
    )
    for claim in claims(engine, name):
        assert (waiting(engine, "then"), waiting(engine, "always")) == (0, 0)
        settle(engine, name, done(claim, batch))
    assert (waiting(engine, "then"), waiting(engine, "always")) == (1, 1)
    assert waiting(engine, "catch") == 0
    assert [claim.payload for claim in drain(engine, ["always"])] == ['{"n":1}']
    found = engine.batches.find(batch)
    assert found.ended_at is not None
    assert sorted(found.called) == ["always", "then"]
    assert counts(engine, batch) == {"total": 3, "done": 3}


def test_all_at_once(engine, name):
    batch = push_batch(engine, 50, then=step())
    settle(engine, name, *(done(claim, batch) for claim in claims(engine, name)))
    assert waiting(engine) == 1


def test_the_first_failure_is_told_at_once(engine, name):
    batch = push_batch(engine, 3, then=step("then"), catch=step("catch"), always=step("always"))
    one, two, three = claims(engine, name)
    settle(engine, name, failed(one))
    assert waiting(engine, "catch") == 1
    settle(engine, name, failed(two))
    assert waiting(engine, "always") == 0
    settle(engine, name, done(three, batch))
    assert [waiting(engine, queue) for queue in ("then", "catch", "always")] == [0, 1, 1]


def test_where_failures_are_allowed_they_are_told_at_the_end(engine, name):
    batch = push_batch(engine, 2, allow_failures=True, then=step("then"), catch=step("catch"))
    one, two = claims(engine, name)
    settle(engine, name, failed(one))
    assert waiting(engine, "catch") == 0
    settle(engine, name, done(two, batch))
    assert [waiting(engine, queue) for queue in ("then", "catch")] == [0, 1]


def test_a_failed_job_that_is_retried_is_counted_right(engine, name):
    batch = push_batch(engine, 2, then=step("then"), always=step("always"))
    one, two = claims(engine, name)
    settle(engine, name, failed(one), done(two, batch))
    assert counts(engine, batch) == {"total": 2, "done": 1, "failed": 1}
    assert engine.batches.find(batch).ended_at is not None
    assert engine.move("retry", Where(batch=batch)) == 1
    assert counts(engine, batch) == {"total": 2, "done": 1, "waiting": 1}
    assert engine.batches.find(batch).ended_at is None
    (again,) = claims(engine, name)
    settle(engine, name, done(again, batch))
    assert counts(engine, batch) == {"total": 2, "done": 2}
    assert [waiting(engine, queue) for queue in ("then", "always")] == [1, 1]


def test_callbacks_are_pushed_once(engine, name):
    batch = push_batch(engine, 1, catch=step("catch"), always=step("always"))
    for _ in range(3):
        (claim,) = claims(engine, name)
        settle(engine, name, failed(claim))
        assert engine.batches.advance() == 0
        assert engine.move("retry", Where(batch=batch)) == 1
    assert [waiting(engine, queue) for queue in ("catch", "always")] == [1, 1]


def test_a_settlement_that_is_repeated_pushes_nothing_again(engine, name):
    batch = push_batch(engine, 1, then=step("then"), always=step("always"))
    (claim,) = claims(engine, name)
    for _ in range(3):
        settle(engine, name, done(claim, batch))
    assert [waiting(engine, queue) for queue in ("then", "always")] == [1, 1]
    assert counts(engine, batch) == {"total": 1, "done": 1}


@pytest.mark.parametrize("kept", [0.0, None])
def test_cancelled_jobs_are_counted_also_when_they_are_dropped(engine, name, kept):
    engine.retention = Retention(cancelled=kept)
    batch = push_batch(engine, 4, then=step("then"), always=step("always"))
    one, two = claims(engine, name, limit=2)
    assert engine.cancel_many(Where(batch=batch, status="new")) == 2
    assert counts(engine, batch) == {"total": 4, "running": 2, "cancelled": 2}
    assert engine.cancel(two.id)
    engine.settle(name, [done(two, batch)])
    settle(engine, name, done(one, batch))
    assert counts(engine, batch) == {"total": 4, "done": 1, "cancelled": 3}
    assert [waiting(engine, queue) for queue in ("then", "always")] == [0, 1]


def test_removed_and_expired_jobs_are_counted(engine, name):
    batch = push_batch(engine, 4, always=step())
    one, two = claims(engine, name, limit=2)
    settle(engine, name, failed(one), Expired(two.id, two.fence, "expired"))
    assert engine.purge(Where(status="failed")) == 1
    assert engine.purge(Where(status="new", batch=batch)) == 2
    assert counts(engine, batch) == {"total": 4, "failed": 1, "cancelled": 3}
    assert waiting(engine) == 1


def test_completed_jobs_that_are_kept_are_done(engine, name):
    engine.retention = Retention(completed=None)
    batch = push_batch(engine, 2, then=step())
    settle(engine, name, *(done(claim, batch) for claim in claims(engine, name)))
    assert counts(engine, batch) == {"total": 2, "done": 2}
    assert engine.count(Where(status="completed", batch=batch)) == 2
    assert engine.purge(Where(status="completed")) == 2
    assert counts(engine, batch) == {"total": 2, "done": 2}
    assert waiting(engine) == 1


def test_released_and_recovered_jobs_are_not_over(engine, name):
    batch = push_batch(engine, 2, always=step())
    one, _two = claims(engine, name)
    settle(engine, name, Release(one.id, one.fence, time.time() + 500, 1))
    engine.recover(name)
    assert counts(engine, batch) == {"total": 2, "waiting": 2}
    assert waiting(engine) == 0


def test_a_job_that_is_lost_has_failed(engine):
    batch = push_batch(engine, 1, catch=step("catch"), always=step("always"))
    for _ in range(4):
        lost = worker(engine)
        assert len(claims(engine, lost)) == 1
        engine.recover(lost)
    assert counts(engine, batch) == {"total": 1, "failed": 1}
    assert [waiting(engine, queue) for queue in ("catch", "always")] == [1, 1]


def test_an_empty_batch_ends_at_once(engine):
    batch = push_batch(engine, 0, then=step("then"), catch=step("catch"), always=step("always"))
    assert [waiting(engine, queue) for queue in ("then", "catch", "always")] == [1, 0, 1]
    assert engine.batches.find(batch).ended_at is not None
    assert engine.batches.find(batch).percent == 100


def inner_step(parent, count=2, **fields):
    """A batch that follows, as part of `parent`."""
    new = NewBatch(batch_id(), parent=parent, **fields)
    return Step((job("inner", flow=Flow(batch=new.id)),) * count, new)


def test_a_batch_within_a_batch_is_one_part_of_it(engine, name):
    outer = batch_id()
    inner = inner_step(outer, then=step("then"))
    engine.batches.push(NewBatch(outer, always=step("always")), [job(flow=Flow(batch=outer))])
    (claim,) = claims(engine, name)
    settle(engine, name, done(claim, outer, steps_text([inner])))
    assert counts(engine, outer) == {"total": 1, "running": 1}
    assert counts(engine, inner.batch.id) == {"total": 2, "waiting": 2}
    one, two = claims(engine, name, "inner")
    settle(engine, name, done(one, inner.batch.id))
    assert waiting(engine, "always") == 0
    settle(engine, name, done(two, inner.batch.id))
    assert counts(engine, outer) == {"total": 1, "done": 1}
    assert [waiting(engine, queue) for queue in ("then", "always")] == [1, 1]


def test_a_chain_goes_on_after_a_batch_within_a_batch(engine, name):
    outer = batch_id()
    last = (Step((job("last", flow=Flow(batch=outer)),)),)
    inner = inner_step(outer, 1, then=last)
    engine.batches.push(NewBatch(outer, then=step("then")), [job(flow=Flow(batch=outer))])
    (claim,) = claims(engine, name)
    settle(engine, name, done(claim, outer, steps_text([inner])))
    (claim,) = claims(engine, name, "inner")
    settle(engine, name, done(claim, inner.batch.id))
    assert counts(engine, outer) == {"total": 1, "waiting": 1}
    assert waiting(engine, "then") == 0
    (claim,) = claims(engine, name, "last")
    settle(engine, name, done(claim, outer))
    assert counts(engine, outer) == {"total": 1, "done": 1}
    assert waiting(engine, "then") == 1


def test_a_failure_within_reaches_the_batch_around_it(engine, name):
    outer = batch_id()
    inner = inner_step(outer, 1)
    engine.batches.push(
        NewBatch(outer, then=step("then"), catch=step("catch")), [job(flow=Flow(batch=outer))]
    )
    (claim,) = claims(engine, name)
    settle(engine, name, done(claim, outer, steps_text([inner])))
    (claim,) = claims(engine, name, "inner")
    settle(engine, name, failed(claim))
    assert counts(engine, outer) == {"total": 1, "failed": 1}
    assert waiting(engine, "catch") == 1
    assert engine.move("retry", Where(batch=inner.batch.id)) == 1
    assert counts(engine, outer) == {"total": 1, "running": 1}
    (claim,) = claims(engine, name, "inner")
    settle(engine, name, done(claim, inner.batch.id))
    assert counts(engine, outer) == {"total": 1, "done": 1}
    assert waiting(engine, "then") == 1


def test_the_last_ones_that_end_at_once(engine):
    for _ in range(10):
        batch = push_batch(engine, 4, then=step())
        held = []
        for _ in range(4):
            name = worker(engine)
            held.append((name, *claims(engine, name, limit=1)))
        in_threads(*[partial(_settle_one, engine, batch, *each) for each in held])
        assert len(drain(engine, ["after"])) == 1
        assert engine.batches.find(batch).ended_at is not None


def _settle_one(engine, batch, name, claim):
    settle(engine, name, done(claim, batch))


def test_many_workers_settle_one_batch(engine):
    batch = push_batch(engine, 200, then=step("then"), always=step("always"))

    def work():
        name = worker(engine)
        while held := claims(engine, name, limit=7):
            settle(engine, name, *(done(claim, batch) for claim in held))

    in_threads(*[work] * 4)
    assert counts(engine, batch) == {"total": 200, "done": 200}
    assert [waiting(engine, queue) for queue in ("then", "always")] == [1, 1]

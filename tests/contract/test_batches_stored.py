"""What is stored of batches: which jobs are theirs, how they are found, when they are forgotten."""

import time

import pytest

from lightjobs.engines.where import EVERYWHERE, Where
from lightjobs.errors import BatchEnded, JobExists
from lightjobs.model import Flow, NewBatch

from .flows import (
    batch_id,
    claims,
    counts,
    done,
    failed,
    is_php,
    push_batch,
    settle,
    step,
    unique,
    waiting,
)
from .support import job, worker


@pytest.fixture(autouse=True)
def keeps_batches(store):
    if is_php(store):
        pytest.skip("rows in PHP's form have no place for a batch")


@pytest.fixture
def name(engine):
    return worker(engine)


def test_a_batch_is_stored_once(engine):
    batch = push_batch(engine, 2)
    assert engine.batches.push(NewBatch(batch), [job(flow=Flow(batch=batch))]) == []
    assert counts(engine, batch) == {"total": 2, "waiting": 2}


def test_a_refused_job_leaves_no_batch(engine):
    engine.push([job(flow=unique())])
    new = NewBatch(batch_id())
    refused = unique(when_taken="refuse")._replace(batch=new.id)
    with pytest.raises(JobExists):
        engine.batches.push(new, [job(flow=Flow(batch=new.id)), job(flow=refused)])
    assert engine.batches.find(new.id) is None
    assert engine.stats()["q"]["new"] == 1


def test_a_job_whose_key_is_held_is_not_part_of_it(engine):
    (first,) = engine.push([job(flow=unique())])
    new = NewBatch(batch_id())
    ids = engine.batches.push(new, [job(flow=unique()._replace(batch=new.id))] * 2)
    assert ids == [first, first]
    assert counts(engine, new.id) == {}
    assert engine.batches.find(new.id).ended_at is not None


def test_jobs_are_added_while_it_runs(engine, name):
    batch = push_batch(engine, 1, then=step())
    (claim,) = claims(engine, name)
    assert len(engine.batches.add(batch, [job(flow=Flow(batch=batch))] * 3)) == 3
    settle(engine, name, done(claim, batch))
    assert counts(engine, batch) == {"total": 4, "waiting": 3, "done": 1}
    settle(engine, name, *(done(claim, batch) for claim in claims(engine, name)))
    assert waiting(engine) == 1
    with pytest.raises(BatchEnded, match=batch):
        engine.batches.add(batch, [job(flow=Flow(batch=batch))])
    assert counts(engine, batch) == {"total": 4, "done": 4}


def test_nothing_is_added_to_what_is_cancelled_or_unknown(engine):
    batch = push_batch(engine, 1)
    assert engine.batches.note_cancelled(batch)
    assert not engine.batches.note_cancelled(batch)
    assert engine.batches.find(batch).cancelled_at is not None
    for each in (batch, "none"):
        with pytest.raises(BatchEnded, match=each):
            engine.batches.add(each, [job(flow=Flow(batch=each))])
    assert engine.stats()["q"]["new"] == 1
    assert engine.cancel_many(Where(batch=batch)) == 1
    assert counts(engine, batch) == {"total": 1, "cancelled": 1}
    assert not engine.batches.note_cancelled(batch)
    assert not engine.batches.note_cancelled("none")


def test_the_batches_within_a_batch(engine):
    outer = push_batch(engine, 1)
    assert engine.batches.inner(outer) == []
    mine = [push_batch(engine, 1, parent=outer) for _ in range(3)]
    deeper = push_batch(engine, 1, parent=mine[0])
    push_batch(engine, 1)
    assert sorted(engine.batches.inner(outer)) == sorted(mine)
    assert engine.batches.inner(mine[0]) == [deeper]
    assert engine.batches.inner("none") == []
    assert engine.cancel_many(EVERYWHERE) == 6
    assert engine.batches.forget(-5.0) == 6
    assert engine.batches.inner(outer) == []


def test_batches_are_listed_the_latest_first(engine):
    ids = []
    for number in range(5):
        ids.append(push_batch(engine, 1, name=f"n{number}"))
        time.sleep(0.01)
    found = engine.batches.browse(3)
    assert [batch.id for batch in found] == ids[:1:-1]
    assert [batch.id for batch in engine.batches.browse(3, found[-1])] == ids[1::-1]
    assert found[0] == engine.batches.find(ids[-1])


def test_old_batches_are_forgotten(engine, name):
    batch, other = push_batch(engine, 1), push_batch(engine, 1, "other")
    (claim,) = claims(engine, name)
    settle(engine, name, done(claim, batch))
    assert engine.batches.forget() == 0
    assert engine.batches.forget(-5.0) == 1
    assert engine.batches.find(batch) is None
    assert engine.batches.find(other) is not None


def test_jobs_of_a_batch_that_is_forgotten_go_on(engine, name):
    batch = push_batch(engine, 1, always=step())
    (claim,) = claims(engine, name)
    settle(engine, name, failed(claim))
    assert engine.batches.forget(-5.0) == 1
    assert engine.move("retry", EVERYWHERE) == 1
    (claim,) = claims(engine, name)
    settle(engine, name, done(claim, batch))
    assert waiting(engine) == 1


def test_the_filter_by_batch(engine, name):
    batch = push_batch(engine, 3)
    push_batch(engine, 2)
    engine.push([job()])
    assert engine.count(Where(status="new", batch=batch)) == 3
    assert len(engine.browse(Where(status="new", batch=batch))) == 3
    assert engine.move("pause", Where(batch=batch)) == 3
    assert counts(engine, batch) == {"total": 3, "waiting": 3}
    assert engine.move("resume", Where(batch=batch)) == 3
    assert engine.count(Where(status="new", batch="none")) == 0

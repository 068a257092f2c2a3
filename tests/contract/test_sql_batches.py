"""In SQL databases: what is due of a batch is pushed in the step that changes its jobs."""

import threading
from functools import partial

import pytest

from lightjobs.engines.sql.batch_looks import BatchLooks
from lightjobs.engines.where import EVERYWHERE, Where
from lightjobs.model import Expired, Flow, NewBatch, Retention
from tests.support.servers.mysql import MYSQL
from tests.support.stores import STORES

from .flows import batch_id, claims, counts, done, failed, push_batch, settle, step, unique, waiting
from .support import drain, in_threads, job, worker


@pytest.fixture(params=["sqlite", "postgresql", "mariadb", *MYSQL])
def engine(request, monkeypatch):
    """Each process dies right after its commit: there is no later look."""
    monkeypatch.setattr(BatchLooks, "after", lambda looks, batch_ids: None)
    engine = STORES[request.param](request).engine
    engine.schema.install()
    monkeypatch.setattr(engine.batches, "advance", lambda: 0)
    yield engine
    engine.close()


def ending(engine):
    """A batch of two jobs, of which one is done: its id, and a worker with a claim of the other."""
    batch = push_batch(engine, 2, then=step("then"), catch=step("catch"), always=step("always"))
    name = worker(engine)
    one, two = claims(engine, name)
    settle(engine, name, done(one, batch))
    assert pushed(engine) == [0, 0, 0]
    return batch, name, two


def pushed(engine):
    return [waiting(engine, queue) for queue in ("then", "catch", "always")]


def test_by_what_is_done(engine):
    batch, name, claim = ending(engine)
    settle(engine, name, done(claim, batch))
    assert pushed(engine) == [1, 0, 1]


def test_by_a_failure(engine):
    _batch, name, claim = ending(engine)
    settle(engine, name, failed(claim))
    assert pushed(engine) == [0, 1, 1]


def test_by_a_failure_while_others_wait(engine):
    push_batch(engine, 3, catch=step("catch"))
    name = worker(engine)
    settle(engine, name, *map(failed, claims(engine, name, limit=1)))
    assert pushed(engine) == [0, 1, 0]


def test_by_what_expires(engine):
    _batch, name, claim = ending(engine)
    settle(engine, name, Expired(claim.id, claim.fence, "expired"))
    assert pushed(engine) == [0, 0, 1]


def test_by_a_recovery(engine):
    push_batch(engine, 1, catch=step("catch"), always=step("always"))
    for _ in range(4):
        name = worker(engine)
        assert len(claims(engine, name)) == 1
        engine.recover(name)
    assert pushed(engine) == [0, 1, 1]


@pytest.mark.parametrize("named", [False, True])
def test_by_a_cancellation(engine, named):
    batch, _name, claim = ending(engine)
    if named:
        assert engine.cancel(claim.id)
    else:
        assert engine.cancel_many(EVERYWHERE) == 1
    assert pushed(engine) == [0, 0, 1]
    assert engine.batches.find(batch).ended_at is not None


def test_by_a_purge(engine):
    push_batch(engine, 2, always=step("always"))
    assert engine.purge(Where(status="new", queue="q")) == 2
    assert pushed(engine) == [0, 0, 1]


@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize("named", [False, True])
def test_a_retry_opens_the_batch_again(engine, named, key):
    batch = NewBatch(batch_id(), then=step("then"))
    flow = Flow(batch=batch.id) if key is None else unique(key)._replace(batch=batch.id)
    engine.batches.push(batch, [job(flow=flow)])
    name = worker(engine)
    (claim,) = claims(engine, name)
    settle(engine, name, failed(claim))
    assert engine.batches.find(batch.id).ended_at is not None
    assert engine.move("retry", Where(job_id=claim.id) if named else EVERYWHERE) == 1
    assert engine.batches.find(batch.id).ended_at is None
    (claim,) = claims(engine, name)
    settle(engine, name, done(claim, batch.id))
    assert pushed(engine) == [1, 0, 0]


def test_a_cancelled_job_that_is_run_again_opens_the_batch(engine):
    engine.retention = Retention(cancelled=None)
    batch = push_batch(engine, 1)
    assert engine.cancel_many(Where(batch=batch)) == 1
    assert engine.batches.find(batch).ended_at is not None
    assert engine.move("rerun", Where(status="cancelled")) == 1
    assert engine.batches.find(batch).ended_at is None


def test_the_end_of_a_batch_within_ends_the_one_around_it(engine):
    outer = push_batch(engine, 1, always=step("always"))
    inner = push_batch(engine, 1, "inner", parent=outer, then=step("then"))
    name = worker(engine)
    settle(engine, name, *(done(claim, outer) for claim in claims(engine, name)))
    assert pushed(engine) == [0, 0, 0]
    settle(engine, name, *(done(claim, inner) for claim in claims(engine, name, "inner")))
    assert pushed(engine) == [1, 0, 1]


@pytest.mark.parametrize("within", [False, True])
def test_of_the_last_that_settle_at_once_one_sees_the_end(engine, within):
    """With `within` each of the jobs is the last of a batch that is part of the batch."""
    for _ in range(10):
        batch = push_batch(engine, 1 if within else 4, then=step())
        if within:
            for _ in range(4):
                push_batch(engine, 1, parent=batch)
            name = worker(engine)
            settle(engine, name, *(done(claim, batch) for claim in claims(engine, name, limit=1)))
        held = []
        for _ in range(4):
            name = worker(engine)
            (claim,) = claims(engine, name, limit=1)
            held.append((name, engine.find(claim.id).batch, claim))
        barrier = threading.Barrier(4)
        in_threads(*[partial(_settle_one, engine, barrier, *each) for each in held])
        assert engine.batches.find(batch).ended_at is not None
        assert len(drain(engine, ["after"])) == 1
        assert engine.batches.find(batch).running == 0


def _settle_one(engine, barrier, name, batch, claim):
    barrier.wait(10)
    settle(engine, name, done(claim, batch))


def test_a_settlement_that_is_not_the_last_writes_nothing_to_the_batch(engine):
    batch = push_batch(engine, 4)
    name = worker(engine)
    other = worker(engine)
    (claim,) = claims(engine, other, limit=1)
    with engine._db.transaction():
        engine._db.rows("lock_batch", {"id": batch})
        if engine.serves_at_once:
            in_threads(partial(settle, engine, other, done(claim, batch)))
        else:
            settle(engine, other, done(claim, batch))
    settle(engine, name, *(done(claim, batch) for claim in claims(engine, name)))
    assert counts(engine, batch) == {"total": 4, "done": 4}

"""Jobs with ties in a transaction of the caller's: theirs are part of it, too."""

import pytest

from lightjobs.engines.where import Where
from lightjobs.errors import JobExists
from lightjobs.model import NewBatch

from .flows import batch_id, counts, push_batch, step, unique_job, waiting
from .support import drain, job


@pytest.fixture
def connection(request, engine):
    """A connection of the caller's, in a transaction once it is used."""
    if engine.name != "database":
        pytest.skip("keeps no jobs in a database")
    connection = engine._db._open(10.0) if hasattr(engine._db, "_login") else None
    if connection is None:
        import sqlite3

        own = sqlite3.connect(engine._db.path)
    else:
        own = connection.connection
        if engine._db.dialect.name == "mysql":  # as the server has it
            own.cursor().execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        (
            own.autocommit(False)
            if hasattr(own, "get_autocommit")
            else setattr(own, "autocommit", False)
        )
    yield own
    own.close()


def test_a_key_is_taken_with_the_commit(engine, connection):
    (first,) = engine.join(connection).push([unique_job()])
    connection.commit()
    assert engine.unique.holder("k").job_id == first
    assert engine.push([unique_job()]) == [first]
    assert engine.join(connection).push([unique_job(), job()])[0] == first
    connection.rollback()
    assert len(drain(engine)) == 1


def test_a_key_is_free_after_a_rollback(engine, connection):
    engine.join(connection).push([unique_job()])
    connection.rollback()
    assert engine.unique.holder("k") is None
    assert len(engine.push([unique_job()])) == 1


def test_a_refusal_leaves_the_transaction_as_it_was(engine, connection):
    engine.push([unique_job()])
    joined = engine.join(connection)
    joined.push([job("before")])
    with pytest.raises(JobExists):
        joined.push([job("refused"), unique_job(when_taken="refuse")])
    connection.commit()
    assert (waiting(engine, "before"), waiting(engine, "refused")) == (1, 0)


def test_a_batch_is_stored_with_the_commit(engine, connection):
    new = NewBatch(batch_id(), then=step())
    jobs = [job(flow=unique_job("k").flow._replace(batch=new.id, unique=None))] * 3
    assert len(engine.join(connection).push_batch(new, jobs)) == 3
    connection.rollback()
    assert engine.batches.find(new.id) is None
    assert len(engine.join(connection).push_batch(new, jobs)) == 3
    connection.commit()
    assert counts(engine, new.id) == {"total": 3, "waiting": 3}
    assert engine.count(Where(status="new", batch=new.id)) == 3
    assert engine.join(connection).push_batch(new, jobs) == []
    connection.rollback()


def test_a_key_that_was_taken_since_the_transaction_began_is_seen(engine, connection):
    engine.push([job("other")])
    cursor = connection.cursor()
    cursor.execute("SELECT id FROM jobs")
    assert len(cursor.fetchall()) == 1
    if "sqlite" in engine._db.dialect.name:
        connection.rollback()
    (first,) = engine.push([unique_job()])
    assert engine.join(connection).push([unique_job()]) == [first]
    connection.rollback()


def test_an_empty_batch_of_the_callers_ends_at_once(engine, connection):
    new = NewBatch(batch_id(), then=step())
    assert engine.join(connection).push_batch(new, []) == []
    connection.commit()
    assert waiting(engine) == 1
    assert push_batch(engine, 1) != new.id

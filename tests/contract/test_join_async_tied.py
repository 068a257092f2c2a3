"""Jobs with ties in the caller's own transaction, on connections of an event loop."""

from __future__ import annotations

import pytest

from lightjobs.model import Flow, NewBatch
from tests.support.async_callers import WAYS, opened, run

from .flows import batch_id, counts, unique_job
from .support import job


@pytest.fixture(params=WAYS)
def asynchronous(request):
    yield from opened(request)


def test_keys_are_taken_with_the_commit(asynchronous):
    engine = asynchronous.engine

    async def use(connection):
        ids = await asynchronous.push(connection, unique_job(), job(), unique_job())
        assert ids[0] == ids[2]
        await connection.rollback()
        assert engine.unique.holder("k") is None
        ids = await asynchronous.push(connection, unique_job("ü💥"), job())
        await connection.commit()
        assert await asynchronous.push(connection, unique_job("ü💥")) == [ids[0]]
        await connection.rollback()
        return ids

    ids = asynchronous.inside(use)
    assert engine.unique.holder("ü💥").job_id == ids[0]


def test_a_key_that_was_taken_since_the_transaction_began_is_seen(asynchronous):
    engine = asynchronous.engine

    async def use(connection):
        await run(connection, "SELECT id FROM jobs")
        if engine._db.dialect.name == "sqlite":
            await connection.rollback()
        (first,) = engine.push([unique_job()])
        assert await asynchronous.push(connection, unique_job()) == [first]
        await connection.rollback()

    asynchronous.inside(use)


def test_a_batch_is_stored_with_the_commit(asynchronous):
    engine = asynchronous.engine
    new = NewBatch(batch_id(), "ü💥")
    jobs = [job(flow=Flow(batch=new.id))] * 3

    async def use(connection):
        assert len(await engine.join_async(connection).push_batch(new, jobs)) == 3
        await connection.rollback()
        assert engine.batches.find(new.id) is None
        assert len(await engine.join_async(connection).push_batch(new, jobs)) == 3
        await connection.commit()
        assert await engine.join_async(connection).push_batch(new, jobs) == []
        await connection.rollback()

    asynchronous.inside(use)
    assert counts(engine, new.id) == {"total": 3, "waiting": 3}
    assert engine.batches.find(new.id).name == "ü💥"

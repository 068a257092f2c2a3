"""Jobs in the caller's own transaction, on connections that belong to an event loop."""

from __future__ import annotations

import asyncio
import json
import threading
import time

import pytest

from lightjobs.errors import LightjobsError, StoreInDoubt, StoreUnavailable
from lightjobs.model import NewJob
from tests.support.async_callers import WAYS, Asynchronous, opened, run, ways
from tests.support.callers import made

from .support import HANDLER, claim_one, job
from .test_join import waiting


@pytest.fixture(params=WAYS)
def asynchronous(request):
    yield from opened(request)


@pytest.fixture(params=ways("postgres", "mariadb", "mysql"))
def served_async(request):
    yield from opened(request)


@pytest.mark.parametrize("count", [1, 3, 2100])
def test_jobs_are_seen_when_the_transaction_commits_and_not_before(asynchronous, count):
    jobs = [job(payload=json.dumps({"n": n})) for n in range(count)]

    async def use(connection):
        await run(connection, "INSERT INTO effects VALUES (1)")
        ids = await asynchronous.push(connection, *jobs)
        assert waiting(asynchronous.caller) == 0
        await connection.commit()
        return ids

    ids = asynchronous.inside(use)
    assert len(set(ids)) == count
    assert waiting(asynchronous.caller) == count
    assert asynchronous.caller.effects() == [1]
    for n in {0, count // 2, count - 1}:
        assert asynchronous.engine.find(ids[n]).payload == json.dumps({"n": n})
    assert claim_one(asynchronous.engine).id == ids[0]


@pytest.mark.parametrize("count", [1, 3])
def test_jobs_are_rolled_back_with_the_transaction(asynchronous, count):
    async def use(connection):
        ids = await asynchronous.push(connection, *[job()] * count)
        await connection.rollback()
        assert asynchronous.engine.find(ids[0]) is None
        await asynchronous.push(connection, *[job()] * count)
        await connection.commit()

    asynchronous.inside(use)
    assert waiting(asynchronous.caller) == count


def test_push_of_nothing_stores_nothing(asynchronous):
    async def use(connection):
        return await asynchronous.push(connection)

    assert asynchronous.inside(use) == []


def test_a_worker_that_waits_is_woken_by_the_commit(asynchronous):
    woken = []

    def waits():
        asynchronous.engine.wait(["q"], 60)
        woken.append(time.monotonic())

    thread = threading.Thread(target=waits)

    async def use(connection):
        await asyncio.sleep(0.3)
        await asynchronous.push(connection, job(), job())
        await asyncio.sleep(0.3)
        assert woken == []
        await connection.commit()
        return time.monotonic()

    thread.start()
    committed = asynchronous.inside(use)
    thread.join()
    assert woken[0] - committed < 30


@pytest.fixture(params=ways("postgres"))
def postgres_async(request):
    yield from opened(request)


def test_each_queue_with_due_jobs_is_told_once_by_the_commit(postgres_async):
    jobs = [job("a"), job("a"), job("b"), job("later", due=time.time() + 1000)]

    async def use(connection):
        await postgres_async.push(connection, *jobs)
        await asyncio.to_thread(listener.execute, "SELECT 1")
        await connection.commit()

    with postgres_async.caller.connected(autocommit=True) as listener:
        heard = []
        listener.add_notify_handler(lambda notify: heard.append(notify.payload))
        listener.execute("LISTEN lightjobs")
        postgres_async.inside(use)
        listener.execute("SELECT 1")
        assert sorted(heard) == ["a", "b"]


@pytest.mark.parametrize("count", [1, 3])
def test_the_event_loop_goes_on_while_the_store_makes_the_caller_wait(served_async, count):
    lock = {"postgres": "BEGIN; LOCK TABLE jobs", "mysql": "LOCK TABLES jobs WRITE"}
    server = served_async.caller.server
    turns = []

    async def turn():
        while True:
            turns.append(time.monotonic())
            await asyncio.sleep(0.01)

    async def use(connection):
        turning = asyncio.create_task(turn())
        await run(connection, "SELECT 1")
        with server._session(*["jobs"] * (server.dialect == "mysql")) as session:
            session.execute(lock[server.dialect])
            pushing = asyncio.create_task(served_async.push(connection, *[job()] * count))
            await asyncio.sleep(0.5)
            assert not pushing.done()
            session.execute({"postgres": "COMMIT", "mysql": "UNLOCK TABLES"}[server.dialect])
        await pushing
        await connection.commit()
        turning.cancel()

    served_async.inside(use)
    assert waiting(served_async.caller) == count
    assert len(turns) > 3


@pytest.mark.parametrize("count", [1, 3])
def test_without_a_transaction_jobs_are_stored_at_once_and_all_or_none(served_async, count):
    big = job(payload=json.dumps({"a": "x" * 700_000}))

    async def use(connection):
        await served_async.push(connection, *[job()] * count)
        assert waiting(served_async.caller) == count
        for jobs in ([job(), big, big], [job()] * 2500):
            with pytest.raises(LightjobsError):
                await served_async.push(connection, *jobs, NewJob(HANDLER, "q", None))
        assert waiting(served_async.caller) == count

    served_async.inside(use, isolation_level="AUTOCOMMIT")


def test_a_batch_that_failed_stores_nothing_even_if_the_caller_commits(asynchronous):
    big = job(payload=json.dumps({"a": "x" * 700_000}))

    async def use(connection):
        with pytest.raises(LightjobsError):
            await asynchronous.push(connection, job(), big, big, NewJob(HANDLER, "q", None))
        await connection.commit()  # on PostgreSQL a rollback

    asynchronous.inside(use)
    assert waiting(asynchronous.caller) == 0


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("options", [{}, {"isolation_level": "AUTOCOMMIT"}], ids=["in", "out"])
def test_a_connection_that_was_lost_says_whether_the_job_may_be_stored(
    served_async, options, count
):
    lock = {"postgres": "BEGIN; LOCK TABLE jobs", "mysql": "LOCK TABLES jobs WRITE"}
    server = served_async.caller.server

    async def use(connection):
        await run(connection, "SELECT 1")
        with server._session(*["jobs"] * (server.dialect == "mysql")) as session:
            session.execute(lock[server.dialect])
            pushing = asyncio.create_task(served_async.push(connection, *[job()] * count))
            await asyncio.sleep(0.5)
            await asyncio.to_thread(server.kill_connections)
            await pushing

    with pytest.raises(StoreUnavailable) as caught:
        served_async.inside(use, **options)
    expected = StoreInDoubt if options else StoreUnavailable
    assert type(caught.value) is expected
    text = "may or may not have been stored" if options else "was not stored"
    assert text in str(caught.value)


@pytest.fixture(params=[name for name in WAYS if not name.endswith("own")])
def alchemy(request):
    yield from opened(request)


def test_a_savepoint_of_sqlalchemys_takes_its_jobs_back(alchemy):
    async def use(connection):
        await alchemy.push(connection, job())
        nested = await connection.begin_nested()
        await alchemy.push(connection, job(), job())
        await nested.rollback()
        await connection.commit()

    alchemy.inside(use)
    assert waiting(alchemy.caller) == 1


def test_a_pipeline_of_psycopgs_takes_jobs(request):
    kind, way = WAYS["psycopg-own"]

    async def use(connection):
        async with connection.pipeline():
            await own.push(connection, job())
            await own.push(connection, job(), job())
        await connection.commit()

    with made(kind, request) as caller:
        own = Asynchronous(caller, way)
        own.inside(use)
        assert waiting(caller) == 3

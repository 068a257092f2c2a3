"""`lightjobs.contrib.sqlalchemy.after_commit`: the program's rows in SQLite, its jobs elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import pytest
import sqlalchemy
from sqlalchemy import text
from sqlalchemy.ext.asyncio import (
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from lightjobs import Job, LightjobsError, PayloadError, StoreUnavailable, current, job
from lightjobs.contrib.sqlalchemy import after_commit
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.where import Where
from lightjobs.settings.settings import Settings


class Mail(Job):
    def handle(self):
        pass


@job()
def text_to(number: str) -> None: ...


class Away(MemoryEngine):
    """A store that may be away, and may wait for the event loop to go on."""

    def __init__(self):
        super().__init__()
        self.is_away = False
        self.threads = []
        self.begun = threading.Event()
        self.goes_on = threading.Event()
        self.goes_on.set()

    def push(self, jobs):
        self.threads.append(threading.current_thread())
        self.begun.set()
        assert self.goes_on.wait(10), "the event loop stands still"
        if self.is_away:
            raise StoreUnavailable("the store is away")
        return super().push(jobs)


@pytest.fixture
def rows(tmp_path):
    made = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'rows.sqlite'}")
    with made.begin() as connection:
        connection.execute(text("CREATE TABLE users (n int)"))
    yield made
    made.dispose()


@pytest.fixture
def async_rows(rows):
    return create_async_engine(str(rows.url).replace("sqlite:", "sqlite+aiosqlite:"))


def waiting(engine):
    return [stored.payload for stored in engine.browse(Where(status="new"))]


def insert(session):
    session.execute(text("INSERT INTO users VALUES (1)"))


def test_a_job_is_sent_by_the_commit_and_not_before(engine, rows):
    with Session(rows) as session:
        insert(session)
        after_commit(session, Mail().setQueue("mails"), {"n": 1})
        after_commit(session, Mail, {"n": 2})
        after_commit(session, text_to.setQueue("texts"), {"number": "3"})
        after_commit(session, Mail().setPayload({"n": 4}))
        session.flush()
        assert waiting(engine) == []
        session.commit()
        sent = ['{"n":1}', '{"n":2}', '{"number":"3"}', '{"n":4}']
        assert sorted(waiting(engine)) == sorted(sent)
        assert {*engine.stats()} == {"mails", "default", "texts"}
        session.commit()
        insert(session)
        session.commit()
        assert len(waiting(engine)) == 4


@pytest.mark.parametrize("ends", ["rollback", "close", "raise"])
def test_a_transaction_that_is_not_committed_sends_nothing(engine, rows, ends):
    session = Session(rows)
    if ends == "raise":
        with contextlib.suppress(KeyError), session.begin():
            after_commit(session, Mail, {})
            raise KeyError
    else:
        insert(session)
        after_commit(session, Mail, {})
        getattr(session, ends)()
    assert session.info["lightjobs"]._added == {}  # a session may live for long
    insert(session)
    session.commit()
    assert waiting(engine) == []
    session.close()


def test_it_may_be_the_first_thing_in_a_transaction(engine, rows):
    with Session(rows) as session:
        after_commit(session, Mail, {})
        session.commit()
    assert waiting(engine) == ["{}"]


def test_a_savepoint_that_is_rolled_back_takes_its_jobs_along(engine, rows):
    with Session(rows) as session, session.begin():
        after_commit(session, Mail, {"n": 1})
        with session.begin_nested():
            after_commit(session, Mail, {"n": 2})
            with session.begin_nested() as innermost:
                after_commit(session, Mail, {"n": 3})
                innermost.rollback()
            after_commit(session, Mail, {"n": 4})
        assert waiting(engine) == []  # a savepoint that ends well commits nothing
        with session.begin_nested() as nested:
            with session.begin_nested():
                after_commit(session, Mail, {"n": 5})
            nested.rollback()
        after_commit(session, Mail, {"n": 6})
    assert sorted(waiting(engine)) == ['{"n":1}', '{"n":2}', '{"n":4}', '{"n":6}']


def test_a_commit_within_savepoints_commits_all_of_them(engine, rows):
    with Session(rows) as session:
        insert(session)
        session.begin_nested()
        after_commit(session, Mail, {"n": 1})
        session.begin_nested()
        after_commit(session, Mail, {"n": 2})
        session.commit()
    assert sorted(waiting(engine)) == ['{"n":1}', '{"n":2}']


def test_a_rollback_within_savepoints_sends_nothing(engine, rows):
    with Session(rows) as session:
        after_commit(session, Mail, {"n": 1})
        session.begin_nested()
        after_commit(session, Mail, {"n": 2})
        session.rollback()
        session.commit()
    assert waiting(engine) == []


def test_sessions_do_not_mix(engine, rows):
    with Session(rows) as one, Session(rows) as other:
        after_commit(one, Mail, {"n": 1})
        after_commit(other, Mail, {"n": 2})
        other.commit()
        assert waiting(engine) == ['{"n":2}']
        one.rollback()
    assert waiting(engine) == ['{"n":2}']


def test_a_scoped_session_is_taken(engine, rows):
    session = scoped_session(sessionmaker(rows))
    after_commit(session, Mail, {})
    session.commit()
    session.remove()
    assert waiting(engine) == ["{}"]


def test_a_payload_is_read_and_checked_at_once(engine, rows):
    payload = {"n": 1}
    with Session(rows) as session:
        after_commit(session, Mail, payload)
        payload["n"] = 2
        with pytest.raises(PayloadError):
            after_commit(session, Mail, {"n": {1}})
        session.commit()
    assert waiting(engine) == ['{"n":1}']


def test_a_store_that_is_away_is_told_by_commit_and_the_session_goes_on(rows):
    current.use(engine := Away(), Settings("memory"))
    engine.is_away = True
    with Session(rows) as session:
        insert(session)
        after_commit(session, Mail, {"n": 1})
        with pytest.raises(StoreUnavailable, match="the store is away"):
            session.commit()
        assert session.execute(text("SELECT count(*) FROM users")).scalar() == 1
        engine.is_away = False
        after_commit(session, Mail, {"n": 2})
        session.commit()
    assert waiting(engine) == ['{"n":2}']


def in_a_block(rows):
    with Session(rows) as session, session.begin():
        after_commit(session, Mail, {"n": 3})


def test_it_is_told_at_the_end_of_a_block_too(rows):
    current.use(engine := Away(), Settings("memory"))
    engine.is_away = True
    with pytest.raises(StoreUnavailable, match="the store is away"):
        in_a_block(rows)


@pytest.mark.parametrize(
    ("session", "job", "message"),
    [
        (object(), Mail, "after_commit.. is given object; allowed: a Session, an AsyncSession"),
        (Session(), object(), "after_commit.. is given object; allowed: a job, its class, or"),
        (Session(), Mail().handle, "is given method; allowed: a job"),
    ],
)
def test_what_is_no_session_or_no_job_is_refused(engine, session, job, message):
    with pytest.raises(LightjobsError, match=message):
        after_commit(session, job, {})


def test_an_async_session_sends_without_blocking_the_loop(async_rows):
    current.use(engine := Away(), Settings("memory"))
    engine.goes_on.clear()

    async def go_on():
        while not engine.begun.is_set():
            await asyncio.sleep(0.01)
        engine.goes_on.set()

    async def main():
        going_on = asyncio.create_task(go_on())
        async with AsyncSession(async_rows) as session:
            await session.execute(text("INSERT INTO users VALUES (1)"))
            after_commit(session, Mail, {"n": 1})
            async with session.begin_nested() as nested:
                after_commit(session, Mail, {"n": 2})
                await nested.rollback()
            assert waiting(engine) == []
            await session.commit()
            await going_on
            assert waiting(engine) == ['{"n":1}']
            after_commit(session, Mail, {"n": 3})
            await session.rollback()
            after_commit(session.sync_session, Mail, {"n": 4})
            engine.is_away = True
            with pytest.raises(StoreUnavailable):
                await session.commit()
        await async_rows.dispose()

    asyncio.run(main())
    assert threading.main_thread() not in engine.threads
    assert waiting(engine) == ['{"n":1}']


def test_a_scoped_async_session_is_taken(engine, async_rows):
    async def main():
        session = async_scoped_session(async_sessionmaker(async_rows), asyncio.current_task)
        after_commit(session, Mail, {})
        await session.commit()
        await session.remove()
        await async_rows.dispose()

    asyncio.run(main())
    assert waiting(engine) == ["{}"]

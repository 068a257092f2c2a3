"""Dispatching from coroutines: what is stored, and what is raised."""

import asyncio
import inspect

import pytest

from lightjobs import Job, JobDefinitionError, LightjobsError, PayloadError, current, job
from lightjobs.dispatching import new_jobs
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.middleware import Middleware
from lightjobs.settings.settings import Settings

from .async_dispatches import Work
from .support import ran


@job(queue="mails")
def send_email(to: str, copies: int = 1) -> None: ...


def test_it_stores_the_job_and_returns_its_id(engine):
    async def main():
        return await Work().setQueue("urgent").setPayload({"n": 1}).dispatchAsync()

    stored = engine.find(asyncio.run(main()))
    assert (stored.queue, stored.payload) == ("urgent", '{"n":1}')


def test_many_are_stored_in_their_order(engine, monkeypatch):
    monkeypatch.setattr(new_jobs, "TURN_SECONDS", 0)
    monkeypatch.setattr("lightjobs.dispatching.new_jobs.BATCH", 3)

    async def main():
        assert await Work.dispatchManyAsync([]) == []
        on_class = await Work.dispatchManyAsync({"n": n} for n in range(7))
        return on_class, await Work().setQueue("q").dispatchManyAsync([{"n": 7}])

    on_class, on_job = asyncio.run(main())
    assert [engine.find(id).payload for id in on_class] == [f'{{"n":{n}}}' for n in range(7)]
    assert engine.find(*on_job).queue == "q"


def test_encoding_many_payloads_lets_other_coroutines_go_on(engine, monkeypatch):
    monkeypatch.setattr(new_jobs, "TURN_SECONDS", 0)
    turns = []

    def payloads():
        for n in range(5):
            turns.append(n)
            yield {"n": n}

    async def other():
        for _ in range(5):
            turns.append("other")
            await asyncio.sleep(0)

    async def main():
        await asyncio.gather(Work.dispatchManyAsync(payloads()), other())

    asyncio.run(main())
    assert "other" in turns[turns.index(0) : turns.index(4)]


def test_function_jobs_do_the_same(engine):
    async def main():
        one = await send_email.setQueue("urgent").dispatchAsync("ann", copies=2)
        return [one, *await send_email.dispatchManyAsync([{"to": "bob"}])]

    one, other = map(engine.find, asyncio.run(main()))
    assert (one.queue, one.payload) == ("urgent", '{"to":"ann","copies":2}')
    assert (other.queue, other.payload) == ("mails", '{"to":"bob"}')


class Joined(MemoryEngine):
    """Remembers the connections, and refuses one of them."""

    def __init__(self):
        super().__init__()
        self.connections = []

    def join_async(self, connection):
        self.connections.append(connection)
        if connection == "refused":
            raise LightjobsError("not this one")
        return super().join_async(connection)


class Told(Middleware):
    told: list = []

    def before_push(self, jobs):
        return [each._replace(queue="prepared") for each in jobs]

    def on_push(self, job_id, job):
        self.told.append((job_id, job.queue))


@pytest.mark.parametrize(
    "call",
    [
        lambda: Work().dispatchAsync({}, connection="c"),
        lambda: Work.dispatchManyAsync([{}], connection="c"),
        lambda: Work().setQueue("q").dispatchManyAsync([{}], connection="c"),
        lambda: send_email.using("c").dispatchAsync("ann"),
        lambda: send_email.using("c").setQueue("q").dispatchManyAsync([{"to": "ann"}]),
    ],
)
def test_it_takes_part_in_a_callers_transaction(call):
    engine = Joined()
    current.use(engine, Settings("memory", middleware=(Told,)))
    Told.told.clear()
    found = asyncio.run(call())
    (id,) = [found] if isinstance(found, str) else found
    assert engine.connections == ["c"]
    assert engine.find(id).queue == "prepared"
    assert Told.told == [(id, "prepared")]


def test_a_connection_that_is_refused_stores_nothing():
    engine = Joined()
    current.use(engine, Settings("memory"))
    with pytest.raises(LightjobsError, match="not this one"):
        asyncio.run(Work().dispatchAsync({}, connection="refused"))
    assert engine.stats() == {}


def test_the_sync_engine_runs_a_job_with_a_connection_beside_the_loop():
    current.use(SyncEngine(), Settings("sync"))

    async def main():
        await Work().dispatchAsync({"n": 1}, connection=object())

    asyncio.run(main())
    assert ran == [{"n": 1}]


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: Work().dispatchAsync({"n": {1}}), PayloadError),
        (lambda: Work.dispatchManyAsync([{}, 5]), PayloadError),
        (lambda: Work.dispatchManyAsync({}), PayloadError),
        (lambda: Work.dispatchAsync({"n": 1}), JobDefinitionError),
        (lambda: Work.dispatchAsync(), JobDefinitionError),
        (lambda: send_email.dispatchAsync(5), PayloadError),
        (lambda: send_email.dispatchAsync(), TypeError),
        (lambda: send_email.dispatchAsync("ann", color=2), TypeError),
        (lambda: Job().dispatchAsync({}), JobDefinitionError),
    ],
)
def test_it_raises_what_dispatch_raises(engine, call, error):
    with pytest.raises(error):
        asyncio.run(call())
    assert engine.stats() == {}


def test_frameworks_see_that_it_is_a_coroutine_function():
    for each in (
        Work().dispatchAsync,
        Work.dispatchManyAsync,
        send_email.dispatchAsync,
        send_email.dispatchManyAsync,
    ):
        assert inspect.iscoroutinefunction(each)


def test_settings_that_are_wrong_are_raised_where_it_is_awaited(monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "redis")
    monkeypatch.setenv("REDIS_PORT", "x")

    async def main():
        calls = [Work().dispatchAsync({}) for _ in range(3)]
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = asyncio.run(main())
    assert {type(error).__name__ for error in errors} == {"SettingsError"}
    assert len({id(error) for error in errors}) == 3

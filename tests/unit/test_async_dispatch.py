"""Dispatching from coroutines."""

import asyncio
import contextvars
import inspect
import os
import signal
import subprocess
import sys
import threading

import pytest

from lightjobs import (
    Job,
    JobDefinitionError,
    LightjobsError,
    PayloadError,
    StoreUnavailable,
    current,
    job,
)
from lightjobs.dispatching import async_dispatch, new_jobs
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.middleware import Middleware
from lightjobs.settings.settings import Settings
from tests.support.waiting import wait_until

from .support import ran


class Work(Job):
    queue = "work"

    def handle(self):
        ran.append(self.payload)
        if "raise" in self.payload:
            raise KeyError("from the handler")


class AsyncWork(Job):
    async def handle(self):
        ran.append(self.payload)
        if self.payload["depth"]:
            await AsyncWork().dispatchAsync({"depth": self.payload["depth"] - 1})


@job(queue="mails")
def send_email(to: str, copies: int = 1) -> None: ...


class Held(MemoryEngine):
    """Holds each push until it is let go."""

    def __init__(self):
        super().__init__()
        self.pushes = []
        self.begun, self.free = threading.Event(), threading.Event()

    def push(self, jobs):
        self.pushes.append([new.payload for new in jobs])
        self.begun.set()
        assert self.free.wait(30)
        return super().push(jobs)


@pytest.fixture
def held():
    engine = Held()
    current.use(engine, Settings("memory"))
    yield engine
    engine.free.set()


async def until(condition):
    await asyncio.to_thread(wait_until, condition)


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


def test_the_loop_goes_on_and_what_gathers_is_pushed_as_one(held):
    async def main():
        first = asyncio.create_task(Work().dispatchAsync({"n": 0}))
        await until(held.begun.is_set)
        others = [asyncio.create_task(Work().dispatchAsync({"n": n})) for n in range(1, 100)]
        many = asyncio.create_task(Work.dispatchManyAsync([{"n": 100}, {"n": 101}]))
        await asyncio.sleep(0.01)
        assert held.pushes == [['{"n":0}']]
        assert not first.done()
        held.free.set()
        return [await first, *await asyncio.gather(*others), *await many]

    ids = asyncio.run(main())
    assert [held.find(id).payload for id in ids] == [f'{{"n":{n}}}' for n in range(102)]
    assert ids == [str(n) for n in range(1, 103)]
    assert len(held.pushes) == 2


def test_a_payload_is_taken_when_the_coroutine_starts(held):
    async def main():
        payload = {"n": 0}
        tasks = []
        for n in range(3):
            payload["n"] = n
            tasks.append(asyncio.create_task(Work().dispatchAsync(payload)))
            await asyncio.sleep(0)
        held.free.set()
        return await asyncio.gather(*tasks)

    assert [held.find(id).payload for id in asyncio.run(main())] == [
        f'{{"n":{n}}}' for n in range(3)
    ]


def test_what_is_cancelled_before_it_is_on_its_way_is_not_stored(held):
    async def main():
        on_its_way = asyncio.create_task(Work().dispatchAsync({"n": 0}))
        await until(held.begun.is_set)
        waiting = asyncio.create_task(Work().dispatchAsync({"n": 1}))
        kept = asyncio.create_task(Work().dispatchAsync({"n": 2}))
        await asyncio.sleep(0)
        for each in (on_its_way, waiting):
            each.cancel()
        results = await asyncio.gather(on_its_way, waiting, return_exceptions=True)
        assert [type(each) for each in results] == [asyncio.CancelledError] * 2
        held.free.set()
        await kept

    asyncio.run(main())
    assert held.pushes == [['{"n":0}'], ['{"n":2}']]


def test_a_program_may_end_while_its_store_is_silent(held):
    async def main():
        asyncio.create_task(Work().dispatchAsync({"n": 0}))  # noqa: RUF006 - cancelled at the end
        await until(held.begun.is_set)

    asyncio.run(main())
    held.free.set()
    assert asyncio.run(Work().dispatchAsync({"n": 1})) == "2"


def test_one_error_reaches_each_coroutine_as_its_own(monkeypatch, engine):
    def push(jobs):
        raise StoreUnavailable("away")

    monkeypatch.setattr(engine, "push", push)

    async def main():
        calls = [Work().dispatchAsync({"n": n}) for n in range(3)]
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = asyncio.run(main())
    assert {type(error) for error in errors} == {StoreUnavailable}
    assert all(str(error).endswith("away") for error in errors)
    assert len({id(error) for error in errors}) == 3


def test_event_loops_in_many_threads_share_the_thread(held):
    ids = []

    async def main(number):
        ids.extend(await asyncio.gather(*[Work().dispatchAsync({"n": number}) for _ in range(20)]))

    threads = [threading.Thread(target=lambda n=n: asyncio.run(main(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    held.free.set()
    for thread in threads:
        thread.join(30)
    assert sorted(map(int, ids)) == list(range(1, 81))


def test_another_engine_does_not_wait_for_one_that_is_silent(held):
    async def main():
        waiting = asyncio.create_task(Work().dispatchAsync({"n": 0}))
        await until(held.begun.is_set)
        current.use(other := MemoryEngine(), Settings("memory"))
        assert await Work().dispatchAsync({"n": 1}) == "1"
        assert other.find("1").payload == '{"n":1}'
        held.free.set()
        assert await waiting == "1"

    asyncio.run(main())


def test_a_thread_without_work_ends_and_another_takes_over(engine, monkeypatch):
    monkeypatch.setattr(async_dispatch, "IDLE_SECONDS", 0.01)
    closed = []
    monkeypatch.setattr(engine, "close", lambda: closed.append(threading.current_thread()))
    for n in range(1, 4):
        assert asyncio.run(Work().dispatchAsync({})) == str(n)
        wait_until(lambda n=n: len(closed) == n)
        wait_until(lambda: not closed[-1].is_alive())
    assert len(set(closed)) == 3


def test_a_forked_process_has_a_thread_of_its_own(held):
    async def main():
        waiting = asyncio.create_task(Work().dispatchAsync({"n": 0}))
        await until(held.begun.is_set)
        pid = os.fork()
        if not pid:
            status = 1
            try:
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.alarm(20)  # a child that waits for a thread of its parent's
                held.free.set()
                asyncio._set_running_loop(None)
                status = int(asyncio.run(Work().dispatchAsync({})) != "1")
            finally:
                os._exit(status)
        assert (await asyncio.to_thread(os.waitpid, pid, 0))[1] == 0
        held.free.set()
        await waiting

    asyncio.run(main())


number = contextvars.ContextVar("number", default=None)


class Seen(Middleware):
    def on_push(self, job_id, job):
        ran.append((job_id, number.get(), threading.current_thread() is threading.main_thread()))
        number.set("changed")
        if job.queue == "exit":
            raise SystemExit(3)


def test_middleware_is_told_in_the_thread_with_the_callers_variables(held):
    current.use(held, Settings("memory", middleware=[Seen]))

    async def dispatch(n):
        number.set(n)
        found = await Work().dispatchAsync({})
        assert number.get() == n
        return found

    async def main():
        tasks = [asyncio.create_task(dispatch(n)) for n in range(3)]
        cancelled = asyncio.create_task(dispatch(3))
        await until(held.begun.is_set)
        cancelled.cancel()
        held.free.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())
    wait_until(lambda: len(ran) in (3, 4))
    assert ran[:3] == [(str(n + 1), n, False) for n in range(3)]


def test_sys_exit_in_middleware_keeps_its_meaning(engine):
    current.use(engine, Settings("memory", middleware=[Seen]))
    with pytest.raises(SystemExit):
        asyncio.run(Work().setQueue("exit").dispatchAsync({}))
    assert engine.stats()["exit"]["new"] == 1


@pytest.fixture
def sync():
    current.use(SyncEngine(), Settings("sync"))


def test_jobs_that_run_at_dispatch_run_in_another_thread(sync):
    async def main():
        with pytest.raises(KeyError, match="from the handler"):
            await Work().dispatchAsync({"raise": True})
        await Work.dispatchManyAsync([{"n": 1}, {"n": 2}])
        await asyncio.gather(*[AsyncWork().dispatchAsync({"depth": 3}) for _ in range(40)])

    asyncio.run(main())
    assert len(ran) == 3 + 4 * 40


def test_settings_that_are_wrong_are_raised_where_it_is_awaited(monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "redis")
    monkeypatch.setenv("REDIS_PORT", "x")

    async def main():
        calls = [Work().dispatchAsync({}) for _ in range(3)]
        return await asyncio.gather(*calls, return_exceptions=True)

    errors = asyncio.run(main())
    assert {type(error).__name__ for error in errors} == {"SettingsError"}
    assert len({id(error) for error in errors}) == 3


def test_an_error_of_the_thread_itself_leaves_nothing_waiting(engine, monkeypatch):
    def tell(*_arguments):
        raise MemoryError

    monkeypatch.setattr(async_dispatch, "_tell", tell)
    with pytest.raises(MemoryError):
        asyncio.run(Work().dispatchAsync({}))


FIRST = """
import asyncio, sys, threading, time
import lightjobs
from lightjobs import current

class Work(lightjobs.Job):
    handler = "Work"
    def handle(self): ...

real, loaded_in = current.engine, []

def engine():
    if not current.is_loaded():
        loaded_in.append(threading.current_thread())
        time.sleep(0.5)
    return real()

current.engine = engine

async def main():
    ticks = 0
    task = asyncio.gather(*[Work().dispatchAsync({}) for _ in range(10)])
    while not task.done():
        ticks += 1
        await asyncio.sleep(0.01)
    assert len(set(await task)) == 10
    assert ticks > 10, ticks
    assert len(loaded_in) == 1
    assert loaded_in[0] is not threading.main_thread()

asyncio.run(main())
"""


def test_the_first_dispatch_of_a_process_loads_in_the_thread(tmp_path):
    environment = {**os.environ, "JOB_ENGINE": "memory", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", FIRST], check=True, timeout=60, env=environment)


DELAYED = """
import asyncio, sys, threading
import lightjobs

class Work(lightjobs.Job):
    handler = "Work"
    def handle(self): ...

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "lightjobs.strtotime.parser":
            imported_in.append(threading.current_thread())

async def main():
    await Work().setDelay(300).dispatchAsync({})
    assert not imported_in
    many = [Work().setDelay("+5 minutes").dispatchAsync({}) for _ in range(10)]
    await asyncio.gather(*many, Work().setDelay("+5 minutes").dispatchManyAsync([{}]))
    (thread,) = imported_in
    assert thread is not threading.main_thread()

imported_in = []
sys.meta_path.insert(0, Watch())
asyncio.run(main())
"""


def test_what_reads_a_delay_is_loaded_in_the_thread(tmp_path):
    environment = {**os.environ, "JOB_ENGINE": "memory", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", DELAYED], check=True, timeout=60, env=environment)

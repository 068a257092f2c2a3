"""The thread that dispatches for coroutines."""

import asyncio
import contextvars
import os
import signal
import threading

import pytest

from lightjobs import Job, StoreUnavailable, current
from lightjobs.dispatching import async_dispatch
from lightjobs.engines.memory import MemoryEngine
from lightjobs.engines.sync import SyncEngine
from lightjobs.middleware import Middleware
from lightjobs.settings.settings import Settings
from tests.support.waiting import wait_until

from .async_dispatches import Work
from .support import ran


class AsyncWork(Job):
    async def handle(self):
        ran.append(self.payload)
        if self.payload["depth"]:
            await AsyncWork().dispatchAsync({"depth": self.payload["depth"] - 1})


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


def test_an_error_of_the_thread_itself_leaves_nothing_waiting(engine, monkeypatch):
    def tell(*_arguments):
        raise MemoryError

    monkeypatch.setattr(async_dispatch, "_tell", tell)
    with pytest.raises(MemoryError):
        asyncio.run(Work().dispatchAsync({}))

"""What an async handler does to the event loop fails or passes its own job, and no other."""

import asyncio
import contextlib
import threading
import time

import pytest

from lightjobs import Job, current
from lightjobs.middleware import Middleware

from .support import ran
from .working import Worker


class Waits(Job):
    """A job next to the one that does mischief."""

    async def handle(self):
        await asyncio.sleep(self.payload.get("seconds", 0))
        ran.append(await asyncio.to_thread(str, "waited"))


def cancel_itself():
    asyncio.current_task().cancel()


def cancel_all():
    for task in asyncio.all_tasks():
        task.cancel()


def cancel_all_later():
    asyncio.get_running_loop().call_soon(cancel_all)


def stop():
    asyncio.get_running_loop().stop()


def stop_for_long():
    for n in range(5):
        asyncio.get_running_loop().call_later(n / 100, stop)


def close():
    asyncio.get_running_loop().close()


def stop_and_close():
    loop = asyncio.get_running_loop()
    loop.stop()
    loop.close()


def run_another():
    with contextlib.closing(asyncio.sleep(0)) as coroutine:
        asyncio.run(coroutine)


def run_until_complete():
    with contextlib.closing(asyncio.sleep(0)) as coroutine:
        asyncio.get_running_loop().run_until_complete(coroutine)


def forget_loop():
    asyncio.set_event_loop(None)


def exit_in_a_task():
    async def exits():
        raise SystemExit(3)

    task = asyncio.ensure_future(exits())
    task.add_done_callback(lambda ended: ended.exception())
    leftover.append(task)


leftover: list = []
MISCHIEF = [
    cancel_itself,
    cancel_all,
    cancel_all_later,
    stop,
    stop_for_long,
    close,
    stop_and_close,
    run_another,
    run_until_complete,
    forget_loop,
    exit_in_a_task,
]


class Mischief(Job):
    """Does one of MISCHIEF, then returns, or awaits first."""

    async def handle(self):
        MISCHIEF[self.payload["number"]]()
        if self.payload["awaits"]:
            await asyncio.sleep(0.01)

    async def onSuccess(self):
        MISCHIEF[self.payload["number"]]()

    async def onFailure(self):
        MISCHIEF[self.payload["number"]]()
        await asyncio.sleep(0)


class Around(Middleware):
    async def handle(self, run, next):
        await asyncio.sleep(0)
        result = await next()
        await asyncio.sleep(0)
        return result


@pytest.mark.parametrize(
    ("middleware", "timeout"), [((), None), ((Around,), 5)], ids=["plain", "with middleware"]
)
@pytest.mark.parametrize("awaits", [False, True])
@pytest.mark.parametrize("mischief", MISCHIEF, ids=lambda function: function.__name__)
def test_mischief_with_the_event_loop_concerns_one_job_alone(
    engine, configured, concurrency, mischief, awaits, middleware, timeout
):
    current.use(engine, configured._replace(middleware=middleware))
    Waits().dispatch({"seconds": 0.03})
    bad = Mischief().setTimeout(timeout)
    bad = bad.dispatch({"number": MISCHIEF.index(mischief), "awaits": awaits})
    Waits().dispatch({"seconds": 0.03})
    Worker(engine, concurrency=concurrency).run()
    Waits().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert ran == ["waited"] * 3
    found = engine.find(bad)
    assert found is None or (found.status, found.attempts, found.recoveries) == ("failed", 1, 0)
    leftover.clear()


class EndsThreads(Job):
    async def handle(self):
        await asyncio.get_running_loop().shutdown_default_executor()


class KeepsLoop(Job):
    async def handle(self):
        leftover.append(asyncio.get_running_loop())


class ClosesLoop(Job):
    def handle(self):
        leftover.pop().close()


def test_threads_that_a_handler_has_ended_are_there_for_the_next_job(engine, concurrency):
    worker = Worker(engine, concurrency=concurrency, stop_when_empty=False, sleep=0.01)
    thread = worker.start()
    EndsThreads().dispatch()
    deadline = time.monotonic() + 10
    while engine.stats() and time.monotonic() < deadline:
        time.sleep(0.005)
    Waits().dispatch()
    while engine.stats() and time.monotonic() < deadline:
        time.sleep(0.005)
    worker.stop(thread)
    assert ran == ["waited"]


def test_a_loop_that_was_closed_between_two_runs_is_replaced(engine):
    for job in (KeepsLoop, ClosesLoop, Waits):
        job().dispatch()
    Worker(engine).run()
    assert engine.stats() == {}
    assert ran == ["waited"]


class CancelsFromAThread(Job):
    """Its own task: that is allowed from anywhere."""

    async def handle(self):
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        threading.Thread(target=loop.call_soon_threadsafe, args=(task.cancel,)).start()
        await asyncio.sleep(5)

    async def onFailure(self):
        ran.append(type(self.getException()))


def test_a_handler_may_cancel_its_own_task_from_another_thread(engine, concurrency):
    CancelsFromAThread().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert ran == [asyncio.CancelledError]


class UsesTaskGroup(Job):
    """A TaskGroup and a timeout cancel the task they are in."""

    async def handle(self):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await asyncio.sleep(5)
        with pytest.raises(ExceptionGroup):
            await self.both()
        ran.append("both were cancelled")

    async def both(self):
        async with asyncio.TaskGroup() as group:
            group.create_task(self.fails())
            await asyncio.sleep(5)

    async def fails(self):
        raise ValueError


def test_what_cancels_the_task_within_a_run_still_does(engine, concurrency):
    UsesTaskGroup().dispatch()
    UsesTaskGroup().dispatch()
    Worker(engine, concurrency=concurrency).run()
    assert ran == ["both were cancelled"] * 2

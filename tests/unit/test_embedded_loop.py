"""`lightjobs.worker(loop="current")`: async handlers on the program's own event loop."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time

import pytest

from lightjobs import Job, JobTimeout, on_start, on_stop
from lightjobs.errors import SettingsError
from lightjobs.workers.embedded import worker
from lightjobs.workers.program_loop import ProgramLoop
from tests.support.waiting import wait_until

from .lifecycles import lifecycles, named  # noqa: F401
from .support import ran

requests = contextvars.ContextVar("requests", default="none")


class Program:
    """What belongs to the program's event loop."""

    def __init__(self):
        self.lock = asyncio.Lock()
        self.queue = asyncio.Queue()


class Uses(Job):
    program: Program

    async def handle(self):
        async with Uses.program.lock:  # both are bound to the loop that has waited for them
            ran.append((asyncio.get_running_loop(), threading.current_thread()))
            await Uses.program.queue.put(self.payload["n"])

    async def onSuccess(self):
        ran.append(asyncio.get_running_loop())


class Sync(Job):
    def handle(self):
        ran.append(threading.current_thread())


class Hangs(Job):
    async def handle(self):
        ran.append("start")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ran.append("cancelled")
            raise


async def until(condition):
    await asyncio.to_thread(wait_until, condition)


async def emptied(engine):
    await until(lambda: not engine.stats())


def on_program(block, **options):
    async def main():
        async with worker(loop="current", **options):
            return await block()

    return asyncio.run(main())


def test_async_handlers_and_hooks_run_on_the_loop_of_the_program(engine):
    async def block():
        Uses.program = Program()
        async with Uses.program.lock:
            await Uses.dispatchManyAsync([{"n": n} for n in range(5)])
            await asyncio.sleep(0.1)  # all wait for the lock that the program holds
            assert ran == []
        found = [await Uses.program.queue.get() for _ in range(5)]
        await emptied(engine)
        return found, asyncio.get_running_loop()

    found, loop = on_program(block, workers=3)
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert ran.count((loop, threading.main_thread())) == 5
    assert ran.count(loop) == 5


def test_without_it_they_run_on_a_loop_of_their_thread(engine):
    async def main():
        async with worker():
            Uses.program = Program()
            await Uses().dispatchAsync({"n": 1})
            await emptied(engine)
            return asyncio.get_running_loop()

    loop = asyncio.run(main())
    assert ran[0][0] is not loop
    assert ran[0][1] is not threading.main_thread()


def test_sync_handlers_stay_in_threads(engine):
    async def block():
        await Sync().dispatchAsync()
        await emptied(engine)

    on_program(block)
    assert ran[0] is not threading.main_thread()


def test_the_state_may_hold_what_belongs_to_the_loop(engine, lifecycles):  # noqa: F811
    async def program():
        ran.append(asyncio.get_running_loop())
        return Program()

    async def closed():
        ran.append(asyncio.get_running_loop())

    on_start(named("program", program))
    on_stop(named("closed", closed))

    class Asks(Job):
        async def handle(self):
            await self.context.state.program.queue.put(1)
            ran.append(asyncio.get_running_loop())

    async def block():
        await Asks().dispatchAsync()
        await emptied(engine)
        return asyncio.get_running_loop()

    loop = on_program(block)
    assert ran == [loop, loop, loop]


def test_a_run_has_context_variables_of_its_own(engine):
    class Sets(Job):
        async def handle(self):
            ran.append(requests.get())
            requests.set("of a job")

    async def block():
        requests.set("of the program")
        await Sets.dispatchManyAsync([{}, {}])
        await emptied(engine)
        return requests.get()

    assert on_program(block) == "of the program"
    assert ran == ["none", "none"]


def test_a_timeout_ends_a_handler_there(engine):
    class Slow(Hangs):
        timeout = 0.1

        def onFailure(self):
            ran.append(type(self.getException()))

    async def block():
        await Slow().dispatchAsync()
        await until(lambda: JobTimeout in ran)

    on_program(block)
    assert ran == ["start", "cancelled", JobTimeout]


def test_what_still_runs_at_the_end_is_cancelled_and_handed_back(engine):
    async def main():
        async with worker(loop="current", grace=0.2):
            await Hangs().dispatchAsync()
            await until(lambda: ran)
        assert ran == ["start", "cancelled"]  # before what the program closes next

    begun = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - begun < 20
    stored = engine.stats()["default"]
    assert (stored["new"], stored["queued"]) == (1, 0)


def test_the_block_waits_for_a_job_on_its_loop(engine):
    class Slow(Job):
        async def handle(self):
            ran.append("start")
            await asyncio.sleep(0.4)
            ran.append("end")

    async def block():
        await Slow().dispatchAsync()
        await until(lambda: ran)

    on_program(block)
    assert ran == ["start", "end"]
    assert engine.stats() == {}


def test_it_needs_a_loop(engine):
    with pytest.raises(SettingsError, match=r'loop="current" needs an event loop; .*`async with`'):
        worker(loop="current").__enter__()
    with pytest.raises(SettingsError, match="loop is 'other'; allowed: own, current"):
        worker(loop="other")


def test_a_thread_that_comes_after_the_block_is_refused_and_does_not_wait():
    async def main():
        loop = ProgramLoop(asyncio.get_running_loop())
        await loop.cancel_all()
        return loop, await asyncio.to_thread(refused, loop)

    def refused(loop):
        async def closed():
            ran.append("closed")

        with pytest.raises(RuntimeError, match="block has been left"):
            loop.finish(closed())
        return True

    loop, was_refused = asyncio.run(main())
    assert was_refused
    assert refused(loop)
    assert ran == []

"""What handlers and hooks return is awaited; generators are refused."""

import asyncio

import pytest

from lightjobs import Job, JobDefinitionError
from lightjobs.execution.async_bridge import run_here
from lightjobs.execution.hooks import execute_hook, hook_needs_loop
from lightjobs.model import Done

from .endings import Calls
from .support import run


def test_an_async_handler_behind_a_plain_function_runs_to_its_end():
    seen = []

    def plain(method):
        return lambda self: method(self)

    class Decorated(Job):
        @plain
        async def handle(self):
            await asyncio.sleep(0.01)
            seen.append(self.payload)
            if self.payload:
                raise ValueError("boom")

    assert type(run(Decorated).outcome) is Done
    assert run(Decorated, '{"a":1}').outcome.exception.startswith("ValueError: boom")
    assert seen == [{}, {"a": 1}]


class Later:
    """An awaitable that is not a coroutine."""

    def __init__(self, error=None):
        self.error = error

    def __await__(self):
        yield from asyncio.sleep(0.01).__await__()
        if self.error is not None:
            raise self.error
        return 42


async def returns():
    await asyncio.sleep(0.01)
    return 42


def future_of_a_loop_that_stands():
    loop = asyncio.new_event_loop()
    task = loop.create_task(returns())
    task.add_done_callback(lambda _task: loops.append(loop))
    return task


def future_of_a_closed_loop():
    loop = asyncio.new_event_loop()
    future = loop.create_task(returns())
    loop.run_until_complete(future)
    loop.close()
    return future


loops = []


@pytest.fixture
def loops_closed():
    yield
    while loops:
        loops.pop().close()


@pytest.mark.usefixtures("loops_closed")
@pytest.mark.parametrize("timeout", [None, 5])
@pytest.mark.parametrize("make", [Later, future_of_a_loop_that_stands, future_of_a_closed_loop])
def test_an_awaitable_that_handle_returns_is_awaited(make, timeout):
    class Returns(Job):
        def handle(self):
            return make()

    assert Returns().setTimeout(timeout).dispatchSync() == 42
    assert type(run(Returns).outcome) is Done

    class Raises(Job):
        def handle(self):
            return Later(ValueError("boom"))

    assert run(Raises).outcome.exception.startswith("ValueError: boom")


def test_a_future_of_a_running_loop_is_awaited_there_unless_it_would_wait_for_itself():
    class Returns(Job):
        def handle(self):
            return made[0]

    async def inside():
        made[:] = [asyncio.ensure_future(returns())]
        outcome = await asyncio.to_thread(run, Returns)
        made[:] = [asyncio.ensure_future(returns())]
        return outcome, run(Returns)

    made = []
    awaited, refused = asyncio.run(inside())
    assert type(awaited.outcome) is Done
    assert "a future of the running event loop" in refused.outcome.exception


def yields(self):
    yield 1


async def yields_async(self):
    yield 1


@pytest.mark.parametrize("method", [yields, yields_async])
@pytest.mark.parametrize("name", ["handle", "onSuccess", "onFailure"])
def test_a_generator_function_is_refused_at_class_definition(name, method):
    with pytest.raises(JobDefinitionError, match=rf"Yields\.{name} is a generator function"):
        type("Yields", (Calls,), {name: method})


@pytest.mark.parametrize("method", [yields, yields_async])
def test_a_generator_that_handle_returns_fails_the_job(method):
    class Returns(Job):
        def handle(self):
            return method(self)

    assert "handle() returned a generator" in run(Returns).outcome.exception


def test_an_async_hook_behind_a_plain_function_runs_to_its_end():
    seen = []

    def plain(method):
        return lambda self: method(self)

    class Hooked(Job):
        def handle(self):
            pass

        @plain
        async def onSuccess(self):
            await asyncio.sleep(0.01)
            seen.append(1)

        def onFailure(self):
            seen.append(2)
            return Later(ValueError("seen"))

    result = run(Hooked)
    run_here(execute_hook(result), hook_needs_loop(result))
    assert seen == [1]

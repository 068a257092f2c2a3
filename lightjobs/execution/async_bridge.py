"""Coroutines where there may be no event loop: driven without one, run on a new one, and, for
middleware that awaits around a handler that does not, stepped through.

asyncio is imported in the functions that need it. Importing it takes 40 ms, which a worker of sync
jobs and a program that only dispatches are spared.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from contextvars import Context, copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import JobTimeout
from .variables import adopt

if TYPE_CHECKING:
    import asyncio

Next = Callable[[], Coroutine[Any, Any, Any]]
Around = Callable[[Next], Coroutine[Any, Any, Any]]
T = TypeVar("T")

_local = threading.local()


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise RuntimeError("a sync job, or middleware around one, awaited: it has no event loop")


def drive_through(around: Around, handle: Callable[[], Any]) -> Any:
    """The result of `around(next)`, where `await next()` gives what `handle()` returns or raises.
    `around` must await nothing else: there is no event loop."""

    async def next() -> Any:
        return handle()

    return drive(around(next))


def run_here(
    coroutine: Coroutine[Any, Any, T], needs_loop: bool, variables: Context | None = None
) -> T:
    """The result of a coroutine, awaited by the calling thread. One that needs an event loop gets a
    new one. It runs in the context `variables`; by default, in a copy of the current context."""
    context = copy_context() if variables is None else variables
    if not needs_loop:
        return context.run(drive, coroutine)
    return _without_running_loop(partial(_run_on_new_loop, coroutine, context))


def _run_on_new_loop(coroutine: Coroutine[Any, Any, T], variables: Context) -> T:
    import asyncio

    with asyncio.Runner() as runner:
        return runner.run(coroutine, context=variables)


def finish(awaitable: Awaitable[T], seconds: float | None = None) -> T:
    """The result of what a plain function returned to be awaited: a coroutine, a future, or any
    object with `__await__`. Raises JobTimeout when it takes longer than `seconds`.

    A future is awaited on its own event loop. Raises RuntimeError if that is the one that is
    running in this thread: it would wait for itself.
    """
    import asyncio

    coroutine = _awaited(awaitable)
    if seconds is not None:
        coroutine = within(seconds, coroutine)
    if not isinstance(awaitable, asyncio.Future) or awaitable.done():
        variables = copy_context()
        try:
            return run_here(coroutine, True, variables)
        finally:
            adopt(variables)
    loop = awaitable.get_loop()
    if not loop.is_running():
        return _without_running_loop(partial(loop.run_until_complete, coroutine))
    if loop is asyncio._get_running_loop():
        coroutine.close()
        raise RuntimeError("a future of the running event loop was returned: nothing can await it")
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()


async def _awaited(awaitable: Awaitable[T]) -> T:
    return await awaitable


async def within(seconds: float, coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of `coroutine`. Raises JobTimeout when it takes longer than `seconds`."""
    import asyncio

    try:
        async with asyncio.timeout(seconds) as timeout:
            return await coroutine
    except TimeoutError as error:
        # Python before 3.11.4 does not set the cause.
        cause = error.__cause__ or error.__context__
        if not (timeout.expired() and isinstance(cause, asyncio.CancelledError)):
            raise  # the handler's own
        raise JobTimeout(seconds).with_traceback(cause.__traceback__) from None


def step_through(around: Around, handle: Callable[[], Any]) -> Any:
    """The result of `around(next)`, where `await next()` gives what `handle()` returns or raises.

    `around` runs on an event loop. The loop stands still while `handle` runs, so a sync handler
    finds no loop running and may start its own. Both see each other's context variables.
    """
    # A copy, because a task cannot enter the context that this thread is in.
    variables = copy_context()
    try:
        return _without_running_loop(partial(_step_through, around, handle, variables))
    finally:
        adopt(variables)


def _step_through(around: Around, handle: Callable[[], Any], variables: Context) -> Any:
    own = _thread_loop()
    loop = own.loop
    requests: deque[asyncio.Future[Any]] = deque()

    async def next() -> Any:
        request = loop.create_future()
        requests.append(request)
        loop.stop()
        return await request

    task = loop.create_task(around(next), context=variables)
    task.add_done_callback(lambda _task: loop.stop())
    own.depth += 1
    try:
        while requests or not task.done():
            if requests:
                _answer(requests.popleft(), partial(variables.run, handle))
            loop.run_forever()
    except BaseException:  # SystemExit passes through a loop, and a timeout may strike anywhere
        own.is_broken = True
        _abandon(loop, task)
        raise
    finally:
        own.depth -= 1
        if own.is_broken and not own.depth:
            del _local.own
            loop.close()
    return task.result()


def _abandon(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    """End the task on a loop whose state is unknown; the middleware may clean up first."""
    while not task.done():
        task.cancel()
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()
    if not task.cancelled():
        task.exception()  # or asyncio would log it as never retrieved


def _answer(request: asyncio.Future[Any], handle: Callable[[], Any]) -> None:
    try:
        request.set_result(handle())
    except StopIteration as error:  # neither a future nor a coroutine can raise it
        request.set_exception(RuntimeError("handle() raised StopIteration"))
        request.exception().__cause__ = error  # type: ignore[union-attr]
    except BaseException as error:
        request.set_exception(error)


def _thread_loop() -> _OwnLoop:
    """This thread's loop, kept for its next job: making one takes longer than a small job."""
    own: _OwnLoop | None = _local.__dict__.get("own")
    if own is None:
        own = _local.own = _OwnLoop()
    return own


class _OwnLoop:
    """An event loop that is closed when its thread ends: what is local to a thread goes with it."""

    def __init__(self) -> None:
        import asyncio

        self.loop = asyncio.new_event_loop()
        self.depth = 0
        """How many calls of `step_through` use it, each inside the one before."""
        self.is_broken = False
        """Whether it is to be closed when they have ended."""

    def __del__(self) -> None:
        self.loop.close()


def _without_running_loop(call: Callable[[], T]) -> T:
    """The result of `call`, which runs an event loop: called in another thread if this thread's
    loop is running, since a thread cannot run two."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()
    from concurrent.futures import ThreadPoolExecutor

    # What `call` runs brings its context variables with it.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()

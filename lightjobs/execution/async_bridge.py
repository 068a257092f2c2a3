"""Middleware that awaits, around a handler that does not: the middleware gets an event loop, and
the handler runs while that stands still, as if there were none."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

Next = Callable[[], Coroutine[Any, Any, Any]]
Around = Callable[[Next], Coroutine[Any, Any, Any]]

_local = threading.local()


def step_through(around: Around, handle: Callable[[], Any]) -> Any:
    """The result of `around(next)`, where `await next()` gives what `handle()` returns or raises.
    To be called where no event loop is running."""
    loop = _loop()
    asked: deque[asyncio.Future[Any]] = deque()

    async def next() -> Any:
        answer = loop.create_future()
        asked.append(answer)
        loop.stop()
        return await answer

    task = loop.create_task(around(next))
    task.add_done_callback(lambda _task: loop.stop())
    try:
        while asked or not task.done():
            if asked:
                _answer(asked.popleft(), handle)
            loop.run_forever()
    except BaseException:  # SystemExit passes through a loop, a timeout may strike anywhere in it
        _give_up(loop, task)
        raise
    return task.result()


def _give_up(loop: asyncio.AbstractEventLoop, task: asyncio.Task[Any]) -> None:
    """End a loop of which nobody knows how it stands; the middleware may tidy up."""
    del _local.loop
    while not task.done():
        task.cancel()
        with suppress(SystemExit, KeyboardInterrupt):
            loop.run_forever()
    if not task.cancelled():
        task.exception()  # has been heard of: or asyncio would log it once more
    loop.close()


def _answer(answer: asyncio.Future[Any], handle: Callable[[], Any]) -> None:
    try:
        answer.set_result(handle())
    except StopIteration as error:  # no future takes it, as no coroutine may raise it
        answer.set_exception(RuntimeError("handle() raised StopIteration"))
        answer.exception().__cause__ = error  # type: ignore[union-attr]
    except BaseException as error:
        answer.set_exception(error)


def _loop() -> asyncio.AbstractEventLoop:
    """This thread's loop: to make one takes longer than a small job."""
    loop: asyncio.AbstractEventLoop | None = _local.__dict__.get("loop")
    if loop is None:
        loop = _local.loop = asyncio.new_event_loop()
    return loop

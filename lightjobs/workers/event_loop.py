"""The event loop of a worker's async handlers and hooks. None of them can end it for the others.

Imported when it is first needed: asyncio takes 40 ms, which a worker without async jobs is spared.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Coroutine, Hashable
from concurrent.futures import Future
from contextvars import Context, ContextVar, copy_context
from typing import Any

from . import fine_selector

Run = Coroutine[Any, Any, object]

_run: ContextVar[int] = ContextVar("lightjobs run")
"""The number of the run whose code is running."""

_numbers = itertools.count()


class RunTask(asyncio.Task[Any]):
    """The task of one run. Other runs cannot cancel it: a handler that cancels all tasks of the
    event loop would otherwise end the jobs next to it."""

    def __init__(self, coroutine: Run, loop: asyncio.AbstractEventLoop, context: Context) -> None:
        self._number = next(_numbers)
        context.run(_run.set, self._number)
        super().__init__(coroutine, loop=loop, context=context)

    def cancel(self, msg: Any | None = None) -> bool:
        return _run.get(self._number) == self._number and super().cancel(msg)


class EventLoop:
    """An event loop for one run at a time (`run`), or for many at once from other threads
    (`serve`, `submit`)."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        """A new loop, or one that somebody else has made."""
        self._loop = fine_selector.new_event_loop() if loop is None else loop
        self._tasks: dict[Hashable, RunTask] = {}
        self._served = False
        self._thread: int | None = None
        """The thread that runs a loop that is served."""
        self._closing = False

    @property
    def is_usable(self) -> bool:
        """False once a handler has closed the loop, or ended the threads that `asyncio.to_thread`
        uses."""
        # asyncio has no other way to ask. Loops of other libraries may lack the attribute.
        is_shut = getattr(self._loop, "_executor_shutdown_called", False)
        return not (is_shut or self._loop.is_closed())

    def run(self, coroutine: Run, variables: Context, key: Hashable) -> None:
        """Run `coroutine` in these context variables. Returns when it has ended, or was cancelled,
        or the loop was closed. Until then `cancel` knows it by its `key`."""
        task = self._start(coroutine, variables, key, self._loop.stop)
        while not (task.done() or self._loop.is_closed()):
            # A handler may stop the loop. And sys.exit() in a task that the handler started ends it
            # at once: running the loop again raises it where that task is awaited, in this job.
            with contextlib.suppress(SystemExit, KeyboardInterrupt):
                self._loop.run_forever()

    def serve(self) -> None:
        """Start a thread that runs the loop until `close`."""
        self._served = True
        threading.Thread(target=self._serve, daemon=True, name="event loop").start()

    def _serve(self) -> None:
        self._thread = threading.get_ident()
        while not self._closing:
            with contextlib.suppress(SystemExit, KeyboardInterrupt):  # as in `run`
                self._loop.run_forever()
        self._loop.close()

    def submit(
        self, coroutine: Run, variables: Context, key: Hashable, ended: Callable[[], None]
    ) -> None:
        """As `run`, but on a loop that is served, and without waiting: `ended` is called in its
        thread. May be called from any thread."""
        if threading.get_ident() == self._thread:
            self._start(coroutine, variables, key, ended)
        else:
            self._loop.call_soon_threadsafe(self._start, coroutine, variables, key, ended)

    def finish(self, coroutine: Run) -> Any:
        """The result of `coroutine`, waited for, on a loop that is served or not. Raises what it
        raises, CancelledError if it closes the loop, and RuntimeError if the loop is closed."""
        result: Future[Any] = Future()
        noting = _into(result, coroutine)
        try:
            if self._served:
                self.submit(noting, copy_context(), result, lambda: None)
            else:
                self.run(noting, copy_context(), result)
                result.cancel()  # unless it is there
        except RuntimeError:  # neither has begun
            noting.close()
            coroutine.close()
            raise
        return result.result()

    def _start(
        self, coroutine: Run, variables: Context, key: Hashable, ended: Callable[[], None]
    ) -> RunTask:
        self._tasks[key] = task = RunTask(coroutine, self._loop, variables)

        def end(_task: object) -> None:
            self._tasks.pop(key, None)
            if not task.cancelled():
                task.exception()  # or asyncio would log that nothing has looked at it
            ended()

        task.add_done_callback(end)
        return task

    def cancel(self, key: Hashable) -> None:
        """Cancel what runs under this key, if anything does. May be called from any thread."""
        task = self._tasks.get(key)
        if task is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(task.cancel)

    def close(self) -> None:
        """Close the loop, or end `serve`."""
        self._closing = True
        if not self._served:
            self._loop.close()
            return
        with contextlib.suppress(RuntimeError):  # its thread has already closed it
            self._loop.call_soon_threadsafe(self._loop.stop)


async def _into(result: Future[Any], coroutine: Run) -> None:
    """Note in `result` what `coroutine` returns or raises."""
    try:
        result.set_result(await coroutine)
    except BaseException as error:
        result.set_exception(error)

"""The program's own event loop, for the async handlers of a worker that is embedded in it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable
from contextvars import Context

from .event_loop import EventLoop, Run

CANCEL_SECONDS = 0.5
"""How long tasks that are cancelled at the end of the block may take."""


class ProgramLoop(EventLoop):
    """A loop that the program runs. Worker threads share it: each waits for the run that it has
    started here. None of them can close it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._served = True
        self._lock = threading.Lock()
        """Between a run that is submitted and the end of the block."""

    @property
    def is_usable(self) -> bool:
        return True  # there is no other to take its place

    def run(self, coroutine: Run, variables: Context, key: Hashable) -> None:
        ended = threading.Event()
        try:
            self.submit(coroutine, variables, key, ended.set)
        except RuntimeError:  # the loop is closed, or the block left: the run has not begun
            coroutine.close()
            return
        ended.wait()

    def submit(
        self, coroutine: Run, variables: Context, key: Hashable, ended: Callable[[], None]
    ) -> None:
        """As for any served loop. Raises RuntimeError once the block has been left: a thread that
        was given up may come later, when the program no longer runs the loop, and would wait for
        ever."""
        with self._lock:
            if self._closing:
                raise RuntimeError("the worker's block has been left")
            super().submit(coroutine, variables, key, ended)

    def close(self) -> None:
        pass  # it is the program's

    async def cancel_all(self) -> None:
        """Cancel the runs that go on although their jobs have been handed back, and wait for them,
        for CANCEL_SECONDS at most. None begins after them."""
        with self._lock:
            self._closing = True
        await asyncio.sleep(0)  # what was submitted until now starts
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CANCEL_SECONDS)

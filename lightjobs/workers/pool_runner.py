"""Several jobs at a time: sync ones in threads, async ones on an event loop.

Each job occupies a place. When it ends, the thread that has run it starts the next waiting run in
its place at once. The loop's thread only sees to it that runs are waiting. When it started each job
itself, each job crossed threads twice, and a free place stood empty until that thread had settled
and claimed: with a hundred jobs of 10 ms at a time, half of the places did.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any

from ..execution.async_bridge import drive
from ..execution.executor import execute
from ..execution.hooks import execute_hook, hook_needs_loop
from ..execution.run import Run
from ..execution.variables import Origin
from ..model import Claim
from .in_flight import InFlight
from .logs.job_log import JobLog
from .process_state import ProcessState
from .runners import Runner, made_loop
from .stop_flag import StopFlag

if TYPE_CHECKING:
    from .event_loop import EventLoop

ALONE_RECOVERIES = 2
"""A job that was recovered this many times runs alone in its worker. The first time may have been a
restart; but if the job kills its worker again, no other job must spend a recovery for it."""


class PoolRunner(Runner):
    """Runs up to `concurrency` jobs at a time."""

    runs_in_loop = False

    def __init__(
        self,
        in_flight: InFlight,
        job_log: JobLog,
        concurrency: int,
        process_state: ProcessState | None = None,
    ) -> None:
        super().__init__(in_flight, job_log, process_state)
        self._threads = ThreadPoolExecutor(concurrency, "lightjobs")
        self._loops: list[EventLoop] = []
        self._making_loop = threading.Lock()
        self._places: deque[None] = deque([None] * concurrency)
        """One item for each free place. Appending and popping are atomic."""
        self._low_water = 0
        """The loop's thread is wanted when no more than this number of runs wait."""
        self._held = False
        """Whether no run may start until all that run now have ended."""
        self._putting_back = False
        """Whether no run may start because the process's state is being put back."""
        self._stop = StopFlag()
        self._wanted = threading.Event()
        """Set when the loop's thread should look for something to do."""
        self._hooks: set[Run] = set()
        self._has_run = False
        """Whether a job has been started since the process's state was put back."""

    def free(self) -> int:
        return 0 if self._held else len(self._places)

    def start(self, stop: StopFlag, low_water: int = -1) -> None:
        self._stop = stop
        if self._origin is None:
            self._origin = Origin()  # here, in the loop's thread: see _variables
        if (self._held or self._has_run) and not self._in_flight.running:
            self._putting_back = True
            if not self._in_flight.running:  # still: no place has just started a run
                # Jobs that run at the same time share the state, so it is put back between them.
                self._has_run = self._held = False
                self.put_back()
            self._putting_back = False
        while (run := self._placed()) is not None:
            self._submit(run)

    def _placed(self) -> Run | None:
        """The next run that may start, and a place for it; None if there are not both."""
        while self._in_flight.waiting and self._may_start():
            try:
                self._places.pop()
            except IndexError:
                return None
            run = self._next()
            if run is not None:
                return run
            self._places.append(None)
        return None

    def _next(self) -> Run | None:
        """The next run that may start in a place that the caller has."""
        run = self._in_flight.start() if self._may_start() else None
        # Several threads come here, and another one may just have found that a run must be alone.
        # Each thread first notes its run as running, and then looks: so one of two sees the other.
        if run is None or self._may_go_on(run):
            return run
        self._in_flight.put_back(run)
        return None

    def _may_start(self) -> bool:
        return not (self._held or self._putting_back or self._stop.raised)

    def _may_go_on(self, run: Run) -> bool:
        """Whether the handler of `run`, which is noted as running, may be called."""
        if self._putting_back or self._held:
            return False
        if not _runs_alone(run.claim):
            return True
        self._held = True
        return len(self._in_flight.running) == 1

    def _end(self, run: Run) -> Run | None:
        """Note that `run` has ended. Returns the run that takes its place, if there is one."""
        run.occupied = time.monotonic() - run.started_at
        self._has_run = True
        self._report(run)
        if self._process_state is not None and self._process_state.has_lost_descriptors:
            self._held = True  # any other job would lose its files, too
        following = self._next()
        if following is None:
            self._places.append(None)
            # The loop's thread may have added runs and found no free place, just before.
            following = self._placed()
        if self._held or len(self._in_flight.waiting) <= self._low_water:
            self._wanted.set()
        return following

    def _submit(self, run: Run) -> None:
        """Have `run` start in another thread."""
        if run.needs_loop():
            self._submit_async(run)
        else:
            self._threads.submit(self._work, run)

    def _submit_async(self, run: Run) -> None:
        variables = self._variables(run)
        ended = partial(self._end_async, run)
        self._usable_loop().submit(self._started(run), variables, run, ended)

    def _work(self, run: Run) -> None:
        """Run `run` in this thread, then the runs that take its place, as long as they are sync."""
        following: Run | None = run
        while following is not None:
            run = following
            with suppress(BaseException):  # the outcome of the run says what it was
                self._variables(run).run(drive, self._started(run))
            following = self._end(run)
            if following is not None and following.needs_loop():
                self._submit_async(following)
                return

    def _end_async(self, run: Run) -> None:
        following = self._end(run)
        if following is not None:
            self._submit(following)

    async def _started(self, run: Run) -> None:
        self._job_log.started(run.claim)
        await execute(run)

    def _cancel_task(self, run: Run) -> None:
        for loop in self._loops:
            loop.cancel(run)

    def hook(self, run: Run) -> None:
        self._hooks.add(run)
        ended = partial(self._end_hook, run)
        variables = self._variables(run)
        if hook_needs_loop(run):
            self._usable_loop().submit(execute_hook(run), variables, None, ended)
        else:
            self._threads.submit(self._drive_hook, execute_hook(run), variables, ended)

    def _drive_hook(
        self, hook: Coroutine[Any, Any, object], variables: Context, ended: Callable[[], None]
    ) -> None:
        try:
            variables.run(drive, hook)
        finally:
            ended()

    def _end_hook(self, run: Run) -> None:
        self._hooks.discard(run)
        self._wanted.set()

    def hooks_running(self) -> bool:
        return bool(self._hooks)

    def progress(self, timeout: float, low_water: int) -> None:
        self._low_water = low_water
        self._wanted.wait(timeout)
        self._wanted.clear()

    def _usable_loop(self) -> EventLoop:
        if self._loop is None or not self._loop.is_usable:
            with self._making_loop:
                return super()._usable_loop()
        return self._loop

    def _new_loop(self) -> EventLoop:
        loop = made_loop()
        loop.serve()
        self._loops.append(loop)  # runs on the former loop go on there
        return loop

    def close(self) -> None:
        self._threads.shutdown(wait=True)
        for loop in self._loops:
            loop.close()


def _runs_alone(claim: Claim) -> bool:
    return claim.recoveries >= ALONE_RECOVERIES

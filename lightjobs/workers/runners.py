"""Where handlers run: what all runners have in common, and the one that runs them in the loop's own
thread. `pool_runner` runs several at a time in other threads."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from contextvars import Context
from typing import TYPE_CHECKING, Any

from ..execution.async_bridge import drive
from ..execution.executor import execute
from ..execution.hooks import execute_hook, hook_needs_loop
from ..execution.run import Run
from ..execution.variables import Origin
from ..model import HandBack
from .in_flight import InFlight
from .logs.job_log import JobLog
from .process_state import EXITS, ProcessState, forgive_stop
from .stop_flag import StopFlag

if TYPE_CHECKING:
    from .event_loop import EventLoop

ROUND_SECONDS = 0.01
"""How long the loop's thread runs jobs before it sees to its other work."""


class Runner(ABC):
    """Starts the waiting runs of `in_flight`, and notes there when they have ended."""

    runs_in_loop: bool
    """Whether handlers run in the loop's thread, which then cannot do anything else."""

    def __init__(
        self, in_flight: InFlight, job_log: JobLog, process_state: ProcessState | None = None
    ) -> None:
        self._in_flight = in_flight
        self._job_log = job_log
        self._process_state = process_state
        self._process = os.getpid()
        self._origin: Origin | None = None
        self._loop: EventLoop | None = None

    @abstractmethod
    def free(self) -> int:
        """How many more jobs could start now."""

    @abstractmethod
    def start(self, stop: StopFlag, low_water: int = -1) -> None:
        """Start waiting runs while places are free and `stop` is not raised. Where they run in the
        loop's thread, return when a run has ended after which `low_water` wait."""

    @abstractmethod
    def hook(self, run: Run) -> None:
        """Call the hook of a run that has been settled."""

    @abstractmethod
    def progress(self, timeout: float, low_water: int) -> None:
        """Wait until a job has ended after which at most `low_water` runs wait; for at most
        `timeout` seconds."""

    def finish(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """The result of a coroutine of the worker itself, which runs on the event loop of the async
        handlers. Raises what it raises."""
        return self._usable_loop().finish(coroutine)

    def _usable_loop(self) -> EventLoop:
        """The event loop of the async handlers; a new one if there is none yet, or a handler has
        made it useless."""
        if self._loop is None or not self._loop.is_usable:
            self._loop = self._new_loop()
        return self._loop

    @abstractmethod
    def _new_loop(self) -> EventLoop:
        """A loop to take the place of the former one, if there is one."""

    def hooks_running(self) -> bool:
        """Whether a hook is still running."""
        return False

    def put_back(self) -> None:
        """Put back what jobs have changed of the process, if none of them runs now."""
        if self._process_state is not None and not self._in_flight.running:
            self._process_state.restore_after_several()
            self._process_state.check_descriptors()

    @abstractmethod
    def close(self) -> None:
        """End threads and event loops. To be called when all jobs and hooks have ended."""

    def cancel(self, run: Run) -> None:
        """Tell a running handler that its job was cancelled and its outcome will be refused."""
        run.cancelled = True
        context = getattr(run.job, "context", None)
        if context is not None:
            context.cancelled = True
        if run.registered is not None and run.registered.is_async:
            self._cancel_task(run)

    @abstractmethod
    def _cancel_task(self, run: Run) -> None:
        """Raise asyncio.CancelledError in an async handler, unless it has ended."""

    def _variables(self, run: Run) -> Context:
        """The context variables of `run`. The first call must come from the loop's thread: what the
        job modules set there when they were imported is what each run begins with."""
        if run.variables is None:
            if self._origin is None:
                self._origin = Origin()
            run.variables = self._origin.fresh()
        return run.variables

    def _report(self, run: Run) -> None:
        if os.getpid() != self._process:
            os._exit(0)  # a handler has forked: its copy must not go on as a worker
        if not hasattr(
            run, "outcome"
        ):  # its task was cancelled, or its loop closed, before it began
            run.outcome = HandBack(run.claim.id, run.claim.fence)
        if not run.cancelled:  # a cancelled run is logged once the store has answered
            self._job_log.ended(run)
        self._in_flight.finish(run)


class InlineRunner(Runner):
    """Runs one job at a time in the loop's own thread. This is the fastest; and if that is the main
    thread, signals and debuggers work in handlers."""

    runs_in_loop = True
    _is_hooking = False

    def __init__(
        self,
        in_flight: InFlight,
        job_log: JobLog,
        process_state: ProcessState | None = None,
        event_loop: EventLoop | None = None,
    ) -> None:
        """Async handlers run on `event_loop`; None: on a loop of this runner's own."""
        super().__init__(in_flight, job_log, process_state)
        self._loop = event_loop

    def free(self) -> int:
        return 0 if self._in_flight.running or self._is_hooking else 1

    def start(self, stop: StopFlag, low_water: int = -1) -> None:
        in_flight = self._in_flight
        until = time.monotonic() + ROUND_SECONDS
        while not stop.raised and (run := in_flight.start()):
            self._job_log.started(run.claim)
            self._run(execute(run), run.needs_loop(), run, key=run)
            if self._process_state is not None:
                if isinstance(run.exception, EXITS):
                    forgive_stop(run, stop)
                self._process_state.restore_after(run)
            self._report(run)
            if self._process_state is not None:
                self._process_state.check_descriptors()
            if len(in_flight.waiting) == low_water or time.monotonic() > until:
                return

    def hook(self, run: Run) -> None:
        self._is_hooking = True
        try:
            self._run(execute_hook(run), hook_needs_loop(run), run)
        finally:
            self._is_hooking = False
        if self._process_state is not None:
            self._process_state.restore_after(run)
            self._process_state.check_descriptors()

    def progress(self, timeout: float, low_water: int) -> None:
        pass  # start() returns only when its jobs have ended

    def _run(
        self,
        coroutine: Coroutine[Any, Any, object],
        on_loop: bool,
        run: Run,
        key: Run | None = None,
    ) -> None:
        variables = self._variables(run)
        if on_loop:
            self._usable_loop().run(coroutine, variables, key)
        else:
            variables.run(drive, coroutine)

    def _new_loop(self) -> EventLoop:
        self.close()
        return made_loop()

    def _cancel_task(self, run: Run) -> None:
        if self._loop is not None:
            self._loop.cancel(run)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.close()


def made_loop() -> EventLoop:
    """A new event loop. asyncio is imported only now: it takes 40 ms."""
    from .event_loop import EventLoop

    return EventLoop()

"""A worker embedded in another program, for example a web server: `with lightjobs.worker(): …`"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any, Literal, Self

from .. import current
from ..engines.unstored import UnstoredEngine
from ..errors import SettingsError
from ..execution import registry
from ..model import QUEUE_NAMES, is_queue
from ..schedule.entry import Entry
from ..schedule.loading import FILE, load
from ..schedule.scheduler import Scheduler
from ..schedule.scheduler_thread import SchedulerThread
from .options import Options
from .program_loop import ProgramLoop
from .queue_order import ORDERS
from .stop_flag import StopFlag
from .worker_threads import WorkerThreads

_log = logging.getLogger("lightjobs.worker")


def worker(
    workers: int = 1,
    queues: Sequence[str] = ("default",),
    *,
    grace: float = 25.0,
    sleep: float = 1.0,
    schedule: bool = False,
    queue_order: str = "strict",
    loop: Literal["own", "current"] = "own",
) -> EmbeddedWorker:
    """Work `queues` in this process while a `with` or `async with` block runs.

    Each of `workers` threads runs one job at a time. An async job runs on an event loop of the
    thread's own, where what belongs to the program's loop must not be used, such as a pool of
    asyncpg or an httpx.AsyncClient. With `loop="current"` it runs on the loop of the `async with`
    block, as do async hooks and on_start functions, and may use them; a handler that blocks then
    blocks the program.

    `grace` is how many seconds running jobs may take to finish at the end of the block; `sleep` is
    how many seconds an idle thread goes at most without asking the store; 0 means 0.01, the
    shortest. With `schedule`, the entries of config/schedule.py are dispatched here, too. An engine
    that runs jobs at dispatch, or drops them, leaves no work to do, so nothing is started.
    `queue_order` is "strict" (a queue goes before all that are named after it) or "rotate" (the
    queues take turns).

    A store that is away when the block is entered is waited for inside. Raises SettingsError for a
    wrong argument, a wrong setting or job modules that do not import; when the block is entered,
    also SchemaOutdated.
    """
    _check(workers, queues, queue_order, loop, grace=grace, sleep=sleep)
    times = {"sleep": sleep, "grace": grace}
    options = _options(workers=workers, queues=queues, queue_order=queue_order, **times)
    return EmbeddedWorker(options, schedule, on_current_loop=loop == "current")


def _options(queues: Sequence[str], **given: Any) -> Options:
    settings = current.settings()
    return Options(
        queues=tuple(dict.fromkeys(queues)),
        lease=settings.lease,
        unknown_after=settings.unknown_after,
        timeout_grace=settings.timeout_grace,
        keep_history=settings.keep_history,
        **given,
    )


def _check(
    workers: int, queues: Sequence[str], queue_order: str, loop: str, **times: float
) -> None:
    """Raise SettingsError for the first wrong argument."""
    if type(workers) is not int or not 1 <= workers <= 1000:
        raise SettingsError(f"workers is {workers!r}; allowed: a whole number from 1 to 1000")
    if isinstance(queues, str) or not queues or not all(map(is_queue, queues)):
        raise SettingsError(f"queues is {queues!r}; allowed: a list, each {QUEUE_NAMES}")
    for name, seconds in times.items():
        if type(seconds) not in (int, float) or not 0 <= seconds < 1e9:
            raise SettingsError(f"{name} is {seconds!r}; allowed: seconds, at least 0")
    if queue_order not in ORDERS:
        raise SettingsError(f"queue_order is {queue_order!r}; allowed: {', '.join(ORDERS)}")
    if loop not in ("own", "current"):
        raise SettingsError(f"loop is {loop!r}; allowed: own, current")


class EmbeddedWorker:
    """The block's context manager; see `worker`. It can be entered once."""

    def __init__(
        self, options: Options, schedule: bool = False, on_current_loop: bool = False
    ) -> None:
        self._options = options
        self._on_current_loop = on_current_loop
        self._program_loop: ProgramLoop | None = None
        """The loop of the `async with` block, if async jobs are to run there."""
        self._schedule = schedule
        self._scheduler: SchedulerThread | None = None
        self._threads: WorkerThreads | None = None
        self._entered = False
        self._leaving = False
        self._signals = StopFlag()
        self._urgent = False
        """Whether to stop without waiting for running jobs."""
        self._former_handlers: dict[int, Any] = {}
        self._task: asyncio.Task[Any] | None = None
        """The task that runs the `async with` block."""

    def __enter__(self) -> Self:
        if self._on_current_loop:
            raise SettingsError('loop="current" needs an event loop; enter it by `async with`')
        self._start()
        for number in _unhandled():
            self._former_handlers[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_error: object) -> None:
        self._leaving = True
        try:
            self._stop()
        finally:
            for number, handler in self._former_handlers.items():
                if signal.getsignal(number) == self._on_signal:
                    signal.signal(number, handler)

    async def __aenter__(self) -> Self:
        if self._on_current_loop:
            self._program_loop = ProgramLoop(asyncio.get_running_loop())
        with ThreadPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, self._start)
        self._task = asyncio.current_task()
        for number in _unhandled():
            self._former_handlers[number] = signal.getsignal(number)
            # Not signal.signal(): that would raise inside whichever task happens to be running.
            asyncio.get_running_loop().add_signal_handler(number, self._on_loop_signal)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._leaving = True
        cancelled = None
        with ThreadPoolExecutor(1) as pool:
            stopped = asyncio.get_running_loop().run_in_executor(pool, self._stop)
            while not stopped.done():
                try:
                    await asyncio.shield(stopped)
                except asyncio.CancelledError as error:
                    self._urgent = True
                    cancelled = error
        if self._program_loop is not None:
            await self._program_loop.cancel_all()
        for number, handler in self._former_handlers.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)  # for Ctrl-C, asyncio.run() has one of its own
        if self._signals.raised:
            raise SystemExit(0)
        if cancelled is not None:
            raise cancelled

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """Have the threads claim no more, and unwind the block and the program with status 0. TERM
        and INT do the same. A second signal ends the wait for running jobs."""
        if self._note_signal():
            raise SystemExit(0)

    def _on_loop_signal(self) -> None:
        if self._note_signal() and self._task is not None:
            self._task.cancel()

    def _note_signal(self) -> bool:
        """Have the threads claim no more. Returns whether the block has yet to be left."""
        self._signals.raise_()
        if self._threads is not None:
            self._threads.tell_to_stop()
        if self._leaving or self._signals.raised > 1:
            self._urgent = True
        return not self._urgent

    def _start(self) -> None:
        if self._entered:
            raise RuntimeError("lightjobs.worker() is for one block; make another")
        self._entered = True
        engine = current.engine()
        if isinstance(engine, UnstoredEngine):
            _log.info("nothing is worked here: %s", engine.unworkable)
            return
        _load(current.settings().modules)
        entries = _entries() if self._schedule else []
        self._threads = WorkerThreads(engine, current.settings(), self._options, self._program_loop)
        self._threads.start()
        if entries:
            self._scheduler = SchedulerThread(Scheduler(engine, entries))
            self._scheduler.start()

    def _stop(self) -> None:
        """Wait for running jobs until the grace is over, then hand them back at no cost."""
        until = time.monotonic() + self._options.grace
        if self._scheduler is not None:
            self._scheduler.stop()
        if self._threads is not None:
            self._threads.stop(until, lambda: self._urgent)


def _entries() -> list[Entry]:
    """The entries of config/schedule.py. To ask for an empty schedule is a mistake."""
    entries = load()
    if not entries:
        raise SettingsError(f"schedule=True: there are no entries in {FILE}")
    return entries


def _unhandled() -> list[int]:
    """The signals that the program does not handle and that this thread may handle."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return [
        number
        for number in (signal.SIGTERM, signal.SIGINT)
        if _is_pythons_own(signal.getsignal(number))
    ]


def _is_pythons_own(handler: Any) -> bool:
    """Whether the program has left a signal to Python. asyncio.run() has a handler of its own for
    INT."""
    return handler in (signal.SIG_DFL, signal.default_int_handler) or isinstance(
        getattr(getattr(handler, "func", None), "__self__", None), asyncio.Runner
    )


def _load(modules: Sequence[str]) -> None:
    """Import the job modules. A program that defines its jobs elsewhere need not have app_jobs."""
    existing = [name for name in modules if importlib.util.find_spec(name.partition(".")[0])]
    registry.load(existing if registry.handlers() else modules)

"""Jobs inside another program's process, a web server's say: `with lightjobs.worker(): …`"""

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
from typing import Any, NamedTuple, Self

from .. import current
from ..engines.control import Engine
from ..engines.unstored import UnstoredEngine
from ..errors import LightjobsError, SettingsError
from ..execution import registry
from ..model import QUEUE_NAMES, Outcome, is_queue
from ..schedule.entry import Entry
from ..schedule.loading import FILE, load
from ..schedule.scheduler import Scheduler
from ..schedule.scheduler_thread import SchedulerThread
from .heartbeat import Heartbeat
from .job_log import JobLog
from .local_worker import LocalWorker
from .options import Options
from .reclaim import overdue
from .stop_flag import StopFlag

RETRY_SECONDS = 0.5
"""The pause before a thread that has ended is replaced."""

_log = logging.getLogger("lightjobs.worker")


def worker(
    workers: int = 1,
    queues: Sequence[str] = ("default",),
    *,
    grace: float = 25.0,
    sleep: float = 1.0,
    schedule: bool = False,
) -> EmbeddedWorker:
    """Work `queues`, in strict order, in this process while a `with` or `async with` block runs.

    `workers` threads run one job each, an async one on an event loop of the thread's own. `grace`
    is how many seconds running jobs may take to finish at the end, `sleep` the longest an idle
    thread goes without asking the store. With `schedule` the entries of config/schedule.py are
    dispatched here, too. On an engine that runs jobs at dispatch, or drops them, there is nothing
    to do, and nothing is started.

    Raises SettingsError for a wrong argument, a wrong setting or job modules that do not import;
    when the block is entered, also SchemaOutdated and StoreUnavailable.
    """
    if type(workers) is not int or not 1 <= workers <= 1000:
        raise SettingsError(f"workers is {workers!r}; allowed: a whole number from 1 to 1000")
    if isinstance(queues, str) or not queues or not all(map(is_queue, queues)):
        raise SettingsError(f"queues is {queues!r}; allowed: a list, each {QUEUE_NAMES}")
    for name, seconds, least in (("grace", grace, 0.0), ("sleep", sleep, 0.01)):
        if type(seconds) not in (int, float) or not least <= seconds < 1e9:
            raise SettingsError(f"{name} is {seconds!r}; allowed: seconds, at least {least:g}")
    settings = current.settings()
    return EmbeddedWorker(
        Options(
            queues=tuple(dict.fromkeys(queues)),
            workers=workers,
            sleep=sleep,
            grace=grace,
            lease=settings.lease,
            timeout_grace=settings.timeout_grace,
        ),
        schedule,
    )


class _Place(NamedTuple):
    """A local and the thread that runs it."""

    local: LocalWorker
    thread: threading.Thread


class EmbeddedWorker:
    """Threads that work while the block runs; see `worker`. For one block."""

    def __init__(self, options: Options, schedule: bool = False) -> None:
        self._options = options
        self._schedule = schedule
        self._scheduler: SchedulerThread | None = None
        self._engine: Engine | None = None
        self._places: list[_Place] = []
        self._left: list[_Place] = []
        self._late: list[Outcome] = []
        """Of jobs that have timed out and whose hooks the next thread is to call."""
        self._retry_at = 0.0
        self._heartbeat: Heartbeat | None = None
        self._stopping = False
        self._signals = StopFlag()
        self._hurry = False
        self._before: dict[int, Any] = {}
        self._task: asyncio.Task[Any] | None = None

    def __enter__(self) -> Self:
        self._start()
        for number in _unhandled():
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping = True
        try:
            self._stop()
        finally:
            for number, handler in self._before.items():
                if signal.getsignal(number) == self._on_signal:
                    signal.signal(number, handler)

    async def __aenter__(self) -> Self:
        with ThreadPoolExecutor(1) as pool:
            await asyncio.get_running_loop().run_in_executor(pool, self._start)
        self._task = asyncio.current_task()
        for number in _unhandled():
            self._before[number] = signal.getsignal(number)
            # Not signal.signal(): that would raise inside whatever task runs just then.
            asyncio.get_running_loop().add_signal_handler(number, self._on_loop_signal)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._stopping = True
        cancelled = None
        with ThreadPoolExecutor(1) as pool:
            stopped = asyncio.get_running_loop().run_in_executor(pool, self._stop)
            while not stopped.done():
                try:
                    await asyncio.shield(stopped)
                except asyncio.CancelledError as error:
                    self._hurry = True
                    cancelled = error
        for number, handler in self._before.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)  # for Ctrl-C asyncio.run() has one of its own
        if self._signals.raised:
            raise SystemExit(0)
        if cancelled is not None:
            raise cancelled

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """TERM and INT alike unwind the block, after the threads were told to claim no more, and
        the program with status 0. A second one ends the wait for running jobs."""
        self._signals.raise_()
        self._tell_to_stop()
        if self._stopping or self._signals.raised > 1:
            self._hurry = True
        else:
            raise SystemExit(0)

    def _on_loop_signal(self) -> None:
        self._signals.raise_()
        self._tell_to_stop()
        if self._stopping or self._signals.raised > 1:
            self._hurry = True
        elif self._task is not None:
            self._task.cancel()

    def _start(self) -> None:
        if self._engine is not None:
            raise RuntimeError("lightjobs.worker() is for one block; make another")
        self._engine = engine = current.engine()
        if isinstance(engine, UnstoredEngine):
            _log.info("nothing is worked here: %s", engine.unworkable)
            return
        _load(current.settings().modules)
        entries = _entries() if self._schedule else []
        engine.ensure_ready()
        for _ in range(self._options.workers):
            self._fill(engine)
        self._heartbeat = Heartbeat(engine, self._options.lease, self._local_workers, self._look)
        self._heartbeat.start()
        if entries:
            self._scheduler = SchedulerThread(Scheduler(engine, entries))
            self._scheduler.start()

    def _local_workers(self) -> list[LocalWorker]:
        return [local for local, _thread in list(self._places)]

    def _fill(self, engine: Engine) -> None:
        local = LocalWorker(engine, self._options, JobLog(), StopFlag(), late_outcomes=self._late)
        self._late = []
        thread = threading.Thread(target=_run, args=(local,), daemon=True, name="lightjobs")
        self._places.append(_Place(local, thread))
        if self._stopping:
            local.stop.raise_()
        thread.start()

    def _look(self) -> None:
        """Replace threads that have ended, and those whose job ignores its timeout: they cannot be
        ended, but are left to themselves."""
        engine = self._engine
        if engine is None or time.monotonic() < self._retry_at:
            return
        try:
            for place in list(self._places):
                timed_out = overdue(place.local.journal, "its thread is given up")
                if timed_out:
                    self._late += place.local.abandon(timed_out)
                elif place.thread.is_alive() or self._stopping:
                    continue
                else:
                    self._retry_at = time.monotonic() + RETRY_SECONDS
                self._places.remove(place)
                self._left.append(place)
                if not self._stopping:
                    self._fill(engine)
            missing = self._options.workers - len(self._places)
            for _ in range(0 if self._stopping else missing):
                self._fill(engine)
        except LightjobsError as error:
            _log.warning("no new thread for the moment: %s", error)
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def _tell_to_stop(self) -> None:
        for local in self._local_workers():
            if not local.stop.raised:
                local.stop.raise_()

    def _stop(self) -> None:
        """Wait for what runs until the grace is over, then hand it back at no cost."""
        until = time.monotonic() + self._options.grace
        if self._heartbeat is None:
            return
        if self._scheduler is not None:
            self._scheduler.stop()
        while any(place.thread.is_alive() for place in list(self._places)):
            self._tell_to_stop()
            if self._hurry or time.monotonic() >= until:
                break
            time.sleep(0.01)
        self._heartbeat.stop()
        for place in [*self._places, *self._left]:
            if not place.thread.is_alive():
                place.local.journal.close()
            elif place in self._places:
                self._abandon(place.local)

    def _abandon(self, local: LocalWorker) -> None:
        try:
            local.abandon({})
        except LightjobsError as error:
            _log.warning("what runs on is left to the lease: %s", error)


def _entries() -> list[Entry]:
    """Of config/schedule.py; an empty schedule is a mistake of who asked for it."""
    entries = load()
    if not entries:
        raise SettingsError(f"schedule=True: there are no entries in {FILE}")
    return entries


def _run(local: LocalWorker) -> None:
    try:
        local.run()
    except LightjobsError as error:
        _log.error("a worker thread has ended: %s", error)


def _unhandled() -> list[int]:
    """The signals that nobody handles and that this thread may handle."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return [
        number
        for number in (signal.SIGTERM, signal.SIGINT)
        if _is_pythons_own(signal.getsignal(number))
    ]


def _is_pythons_own(handler: Any) -> bool:
    """Whether the program has left a signal alone; asyncio.run() handles INT in its own way."""
    return handler in (signal.SIG_DFL, signal.default_int_handler) or isinstance(
        getattr(getattr(handler, "func", None), "__self__", None), asyncio.Runner
    )


def _load(modules: Sequence[str]) -> None:
    """Import the job modules. A program that has defined its jobs elsewhere needs no app_jobs."""
    there = [name for name in modules if importlib.util.find_spec(name.partition(".")[0])]
    registry.load(there if registry.handlers() else modules)

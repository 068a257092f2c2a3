"""Threads of another program that each run a local worker, with one heartbeat for all of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from ..engines import outage
from ..engines.control import Engine
from ..errors import LightjobsError, StoreUnavailable
from ..model import Outcome
from ..settings.settings import Settings
from .heartbeat import Heartbeat
from .local_worker import LocalWorker
from .logs.job_log import JobLog
from .options import Options
from .reclaim import overdue
from .stop_flag import StopFlag
from .store_limits import leave_to_the_lease

if TYPE_CHECKING:
    from .event_loop import EventLoop

LEAVE_SECONDS = 0.5
"""How long the store is given, at the end, to take back the jobs that still run."""

RETRY_SECONDS = 0.5
"""The pause before a thread that has ended is replaced."""

_log = logging.getLogger("lightjobs.worker")


class _WorkerThread(NamedTuple):
    worker: LocalWorker
    thread: threading.Thread


class WorkerThreads:
    """Keeps `options.workers` threads at work, each with a local worker of its own."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        options: Options,
        event_loop: EventLoop | None = None,
    ) -> None:
        """`settings` are those of `engine`. Async handlers run on `event_loop`; None: each thread
        has a loop of its own."""
        self._engine = engine
        self._event_loop = event_loop
        self._options = options
        self._threads: list[_WorkerThread] = []
        self._replaced: list[_WorkerThread] = []
        self._late_outcomes: list[Outcome] = []
        """Outcomes of jobs whose thread was given up. The next thread calls their hooks."""
        self._retry_at = 0.0
        self._stopping = False
        self._heartbeat = Heartbeat(engine, options, self._workers, self._replace, settings)

    def start(self) -> None:
        """Start the threads and their heartbeat. If the store is away, the threads are started when
        it is back. Raises SchemaOutdated."""
        try:
            self._engine.ensure_ready()
            for _ in range(self._options.workers):
                self._add()
        except StoreUnavailable as error:
            outage.away(_log, error)
            self._retry_at = time.monotonic() + RETRY_SECONDS
        self._heartbeat.start()

    def tell_to_stop(self) -> None:
        """Have the threads claim no more jobs, and end when those that run have ended."""
        self._stopping = True
        for worker in self._workers():
            if not worker.stop.raised:
                worker.stop.raise_()

    def stop(self, until: float, is_urgent: Callable[[], bool]) -> None:
        """Wait for the running jobs, but not beyond the monotonic time `until`, nor once the stop
        `is_urgent`. Jobs that still run then are handed back at no cost."""
        self.tell_to_stop()
        while any(thread.is_alive() for _worker, thread in list(self._threads)):
            if is_urgent() or time.monotonic() >= until:
                break
            time.sleep(0.01)
        self._heartbeat.stop(is_urgent)
        for each in [*self._threads, *self._replaced]:
            if not each.thread.is_alive():
                each.worker.journal.close()
        leave_to_the_lease(self._abandon_all, LEAVE_SECONDS)

    def _workers(self) -> list[LocalWorker]:
        return [worker for worker, _thread in list(self._threads)]

    def _add(self) -> None:
        worker = LocalWorker(
            self._engine,
            self._options,
            JobLog(),
            StopFlag(),
            late_outcomes=self._late_outcomes,
            event_loop=self._event_loop,
        )
        self._late_outcomes = []
        thread = threading.Thread(target=_work, args=(worker,), daemon=True, name="lightjobs")
        self._threads.append(_WorkerThread(worker, thread))
        if self._stopping:
            worker.stop.raise_()
        self._heartbeat.announce()
        thread.start()

    def _replace(self) -> None:
        """Replace the threads that have ended, and those whose job ignores its timeout. The latter
        cannot be ended: they are left to themselves."""
        if time.monotonic() < self._retry_at:
            return
        try:
            for each in list(self._threads):
                timed_out = overdue(each.worker.journal, "its thread is given up")
                if timed_out:
                    observer = self._heartbeat.observer
                    self._late_outcomes += each.worker.abandon(timed_out, observer.tally)
                    observer.forget(each.worker.name)
                    self._replaced.append(each)
                elif each.thread.is_alive() or self._stopping:
                    continue
                else:
                    self._retry_at = time.monotonic() + RETRY_SECONDS
                    self._late_outcomes += each.worker.late_outcomes  # if it could not start
                    self._heartbeat.observer.forget(each.worker.name)
                    each.worker.journal.close()  # it may be tried again many times
                self._threads.remove(each)
                if not self._stopping:
                    self._add()
            missing = self._options.workers - len(self._threads)
            for _ in range(0 if self._stopping else missing):
                self._add()
        except LightjobsError as error:
            if isinstance(error, StoreUnavailable):
                outage.away(_log, error)
            else:
                _log.warning("no new thread for the moment: %s", error)
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def _abandon_all(self) -> None:
        for worker, thread in self._threads:
            if thread.is_alive():
                worker.abandon({})


def _work(worker: LocalWorker) -> None:
    try:
        worker.run()
    except LightjobsError as error:
        _log.error("a worker thread has ended: %s", error)

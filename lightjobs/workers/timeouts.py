"""Timeouts: a sync handler that has run too long has JobTimeout raised in it.

An async one is seen to by its event loop. Whoever ignores that is ended, by what stands here in
the journal: a handler may hold the GIL, so nothing in its own process can be relied on.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import sys
import threading
import time
from types import FrameType

from .. import engines
from ..errors import JobTimeout
from ..execution import executor
from ..execution.run import Run
from ..model import Outcome, Release
from .shared.journal import Journal

SIGNAL = signal.SIGURG
"""What interrupts a system call of the main thread. Go's choice, and for its reason: a stray one
does nothing, and handlers may have uses of their own for SIGALRM."""

AGAIN_SECONDS = 0.005
"""When to look again at a handler that had better not be interrupted just now."""

_DELICATE = tuple(f"{folder}{os.sep}" for m in (engines, logging) for folder in m.__path__)


class _Pending:
    """One JobTimeout for one thread. Whoever wins it decides: the watching
    thread, that it is raised; the handler's own thread, that it is not."""

    __slots__ = ("_chance", "armed", "at", "sent", "thread")

    def __init__(self, at: float) -> None:
        self.at = at
        self.thread = threading.get_ident()
        self.armed = False
        self.sent = False
        self._chance = [None]

    def win(self) -> bool:
        try:
            self._chance.pop()  # atomic
        except IndexError:
            return False
        return True

    @property
    def open(self) -> bool:
        return bool(self._chance)


class Timeouts:
    """Sees to the timeouts of one loop's runs; free of cost until one has a timeout."""

    def __init__(self, journal: Journal, grace: float) -> None:
        self._journal = journal
        self._grace = grace
        self._pending: dict[Run, _Pending] = {}
        self._changed = threading.Condition()
        self._next = math.inf
        self._watcher: threading.Thread | None = None
        self._closed = False
        self._due = False  # the main thread is to raise
        self._handler_before: object = None

    def arm(self, run: Run, late: Outcome) -> None:
        """As TimeoutWatch says."""
        seconds = run.job.timeout
        most = seconds + self._grace
        if type(late) is Release:
            late = late._replace(due=late.due + most)
        now = time.monotonic()
        self._journal.timed(run.slot, now + most, seconds, late)
        if run.registered is None or run.registered.is_async:
            return
        pending = _Pending(now + seconds)
        if _is_main(pending.thread):
            self._due = False
            self._handler_before = signal.signal(SIGNAL, self._interrupt)
        self._pending[run] = pending
        with self._changed:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, daemon=True, name="timeouts")
                self._watcher.start()
            elif pending.at < self._next:
                self._changed.notify()
        # Only now: raised any earlier, it could leave the lock taken for ever.
        pending.armed = True

    def disarm(self, run: Run) -> None:
        """As TimeoutWatch says."""
        self._journal.untimed(run.slot)
        self.call_off(run)

    def call_off(self, run: Run) -> None:
        """As TimeoutWatch says. What is on its way is caught here, or taken back: raised any later,
        it would hit the next job."""
        pending = self._pending.get(run)
        if pending is None:
            return
        try:
            if not pending.win():
                while not pending.sent:
                    time.sleep(0.0005)
                self._take_back(pending)
        except JobTimeout:
            pass  # it struck while we waited for it
        del self._pending[run]
        if _is_main(pending.thread):
            signal.signal(SIGNAL, self._handler_before)  # type: ignore[arg-type]

    def _watch(self) -> None:
        while True:
            with self._changed:
                moments = [pending.at for pending in list(self._pending.values()) if pending.open]
                self._next = min(moments, default=math.inf)
                wait = self._next - time.monotonic()
                if wait > 0 and not self._closed:
                    self._changed.wait(min(wait, threading.TIMEOUT_MAX))
                if self._closed:
                    return
            now = time.monotonic()
            for pending in list(self._pending.values()):
                if pending.at <= now and pending.open:
                    self._send(pending)

    def _send(self, pending: _Pending) -> None:
        if not pending.armed or _is_delicate(pending.thread):
            pending.at = time.monotonic() + AGAIN_SECONDS
        elif pending.win():
            if _is_main(pending.thread):
                self._due = True
                signal.pthread_kill(pending.thread, SIGNAL)
            else:
                _raise_in(pending.thread, JobTimeout)
            pending.sent = True

    def _take_back(self, pending: _Pending) -> None:
        if _is_main(pending.thread):
            self._due = False
        else:
            _raise_in(pending.thread, None)

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if self._due:
            self._due = False
            raise JobTimeout

    def close(self) -> None:
        """End the thread; the handlers have ended by then."""
        with self._changed:
            self._closed = True
            self._changed.notify()


def _is_main(thread: int) -> bool:
    return thread == threading.main_thread().ident


def _is_delicate(thread: int) -> bool:
    """Whether the handler that runs in `thread` is dispatching, asking a store or logging: cut off
    midway, these could keep a lock, or half of a reply."""
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code.co_filename != executor.__file__:
        if frame.f_code.co_filename.startswith(_DELICATE):
            return True
        frame = frame.f_back
    return False


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise `error` in `thread` as soon as that runs Python again; None takes it back."""
    import ctypes

    given = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), given)

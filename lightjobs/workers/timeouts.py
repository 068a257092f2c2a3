"""Timeouts: JobTimeout is raised in a sync handler that has run too long.

An async handler is timed out by its event loop. A handler that ignores its timeout can only be
ended from outside, with its process or its thread's worker: it may hold the GIL, so nothing in its
own process can be relied on. For that case the journal holds each deadline.
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
from . import logs
from .shared.journal import Journal

SIGNAL = signal.SIGURG
"""The signal that interrupts a system call of the main thread. Go uses it too for the same reasons:
it does nothing by default, and handlers may need SIGALRM for themselves."""

AGAIN_SECONDS = 0.005
"""The pause before looking again at a handler that must not be interrupted at the moment."""

_DELICATE = (*(f"{folder}{os.sep}" for m in (engines, logging, logs) for folder in m.__path__),)
"""Folders of code that must not be cut off midway."""


class _Pending:
    """The timeout of one running handler. Exactly one of two threads decides it: the watcher
    decides that JobTimeout is raised, or the handler's own thread that it is not."""

    __slots__ = ("_undecided", "due", "may_raise", "sent", "thread")

    def __init__(self, due: float) -> None:
        self.due = due
        """When to raise JobTimeout, by the monotonic clock."""
        self.thread = threading.get_ident()
        """The thread of the handler."""
        self.may_raise = False
        """Whether the handler's thread has left `arm`."""
        self.sent = False
        """Whether the watcher has sent JobTimeout on its way."""
        self._undecided = [None]

    def decide(self) -> bool:
        """Claim the decision. Returns True to the first caller and False to the other."""
        try:
            self._undecided.pop()  # atomic
        except IndexError:
            return False
        return True

    @property
    def is_undecided(self) -> bool:
        return bool(self._undecided)


class Timeouts:
    """Enforces the timeouts of one loop's runs. It costs nothing until a run has a timeout."""

    def __init__(self, journal: Journal, grace: float) -> None:
        self._journal = journal
        self._grace = grace
        self._pending: dict[Run, _Pending] = {}
        self._changed = threading.Condition()
        self._next_due = math.inf
        self._watcher: threading.Thread | None = None
        self._closed = False
        self._main_must_raise = False
        """Whether the next SIGNAL raises JobTimeout in the main thread."""
        self._handler_before: object = None
        """What handled SIGNAL before."""

    def arm(self, run: Run, late: Outcome) -> None:
        """See TimeoutWatch."""
        seconds = run.job.timeout
        longest = seconds + self._grace
        if type(late) is Release:
            late = late._replace(due=late.due + longest)
        now = time.monotonic()
        self._journal.timed(run.slot, now + longest, seconds, late)
        if run.registered is None or run.registered.is_async:
            return
        pending = _Pending(now + seconds)
        if _is_main(pending.thread):
            self._main_must_raise = False
            self._handler_before = signal.signal(SIGNAL, self._interrupt)
        self._pending[run] = pending
        with self._changed:
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, daemon=True, name="timeouts")
                self._watcher.start()
            elif pending.due < self._next_due:
                self._changed.notify()
        # Only now: if JobTimeout were raised any earlier, the lock might stay taken forever.
        pending.may_raise = True

    def disarm(self, run: Run) -> None:
        """See TimeoutWatch."""
        self._journal.untimed(run.slot)
        self.call_off(run)

    def call_off(self, run: Run) -> None:
        """See TimeoutWatch. A JobTimeout that is on its way is caught here or taken back: raised
        any later, it would hit the next job."""
        pending = self._pending.get(run)
        if pending is None:
            return
        try:
            if not pending.decide():
                while not pending.sent:
                    time.sleep(0.0005)
                self._take_back(pending)
        except JobTimeout:
            pass  # raised while this thread waited for it
        del self._pending[run]
        if _is_main(pending.thread):
            signal.signal(SIGNAL, self._handler_before)  # type: ignore[arg-type]

    def _watch(self) -> None:
        while True:
            with self._changed:
                pending_now = list(self._pending.values())
                dues = [pending.due for pending in pending_now if pending.is_undecided]
                self._next_due = min(dues, default=math.inf)
                wait = self._next_due - time.monotonic()
                if wait > 0 and not self._closed:
                    self._changed.wait(min(wait, threading.TIMEOUT_MAX))
                if self._closed:
                    return
            now = time.monotonic()
            for pending in list(self._pending.values()):
                if pending.due <= now and pending.is_undecided:
                    self._send(pending)

    def _send(self, pending: _Pending) -> None:
        """Have JobTimeout raised in the handler's thread, now or a little later."""
        if not pending.may_raise or _is_delicate(pending.thread):
            pending.due = time.monotonic() + AGAIN_SECONDS
        elif pending.decide():
            if _is_main(pending.thread):
                self._main_must_raise = True
                signal.pthread_kill(pending.thread, SIGNAL)
            else:
                _raise_in(pending.thread, JobTimeout)
            pending.sent = True

    def _take_back(self, pending: _Pending) -> None:
        if _is_main(pending.thread):
            self._main_must_raise = False
        else:
            _raise_in(pending.thread, None)

    def _interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if self._main_must_raise:
            self._main_must_raise = False
            raise JobTimeout

    def close(self) -> None:
        """End the watcher. To be called when all handlers have ended."""
        with self._changed:
            self._closed = True
            self._changed.notify()


def _is_main(thread: int) -> bool:
    return thread == threading.main_thread().ident


def _is_delicate(thread: int) -> bool:
    """Whether the handler in `thread` is dispatching, calling a store or logging at the moment. Cut
    off midway, these could leave a lock taken, or half of a reply unread."""
    frame = sys._current_frames().get(thread)
    while frame is not None and frame.f_code.co_filename != executor.__file__:
        if frame.f_code.co_filename.startswith(_DELICATE):
            return True
        frame = frame.f_back
    return False


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Raise `error` in `thread` as soon as that thread runs Python code again; None takes back an
    error that has not been raised yet."""
    import ctypes

    given = None if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), given)

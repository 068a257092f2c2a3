"""A thread that asks the store for something again and again.

The thread that answers signals and watches children never waits for the store: a server that hangs
would keep it from stopping.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ..engines import answer_limit
from .periodic import Periodic, Task

STOP_SECONDS = 0.5
"""How long `stop` waits for a call that is in progress."""

FIRST_SECONDS = 5.0
"""How long `finish_first` waits at most. What is left then is left for the next process."""


class PeriodicThread(threading.Thread):
    """Runs `tasks`, each at its interval, on a connection of its own."""

    def __init__(
        self,
        name: str,
        tasks: Sequence[Task],
        attempt: Callable[[Callable[[], None]], bool],
        limit: float,
        at_once: bool = False,
        at_end: Callable[[], None] | None = None,
    ) -> None:
        """`attempt` runs a task, deals with its errors, and returns whether it succeeded. No call
        waits longer than `limit` seconds for an answer of the store. With `at_once`, the tasks are
        due at the start; else after one interval. `at_end` is run, like a task, when the thread
        has been told to stop."""
        super().__init__(name=name, daemon=True)
        self._tasks = tasks
        self._attempt = attempt
        self._limit = limit
        self._at_once = at_once
        self._at_end = at_end
        self._is_over = False
        self._soon: float | None = None
        self._wake = threading.Event()
        self._had_first = threading.Event()

    def run(self) -> None:
        answer_limit.set_for_thread(self._limit)
        periodic = Periodic(self._tasks, self._at_once)
        while not self._is_over:
            self._wake.wait(max(0.0, periodic.next_at - time.monotonic()))
            self._wake.clear()
            if self._is_over:
                break
            soon, self._soon = self._soon, None
            if soon is not None:
                periodic.bring_forward(soon)
            periodic.run_due(self._attempt_and_note)
        if self._at_end is not None:
            self._attempt(self._at_end)

    def _attempt_and_note(self, run: Callable[[], None]) -> bool:
        succeeded = self._attempt(run)
        self._had_first.set()
        return succeeded

    def finish_first(self, is_urgent: Callable[[], bool]) -> None:
        """Return once the first task has been run for the first time, after FIRST_SECONDS, or when
        `is_urgent()`: a process that ends sooner would never get it done."""
        until = time.monotonic() + FIRST_SECONDS
        while self.is_alive() and time.monotonic() < until and not is_urgent():
            if self._had_first.wait(0.05):
                return

    def hurry(self, seconds: float) -> None:
        """Have each task be due in so many seconds, unless it is due before that."""
        self._soon = seconds
        self._wake.set()

    def tell_to_stop(self) -> None:
        """End the thread as soon as no task runs and, if there is something to be done at the end,
        that is done."""
        self._is_over = True
        self._wake.set()

    def finish(self, seconds: float, is_urgent: Callable[[], bool]) -> None:
        """End the thread, and wait until what is to be done `at_end` is done; for so many seconds
        at most, and not once `is_urgent()`."""
        self.tell_to_stop()
        if self._at_end is None:
            return
        until = time.monotonic() + seconds
        while self.is_alive() and time.monotonic() < until and not is_urgent():
            self.join(0.05)


def stop(threads: Sequence[PeriodicThread]) -> None:
    """End `threads`. Those that still run a task after STOP_SECONDS are left to themselves."""
    for thread in threads:
        thread.tell_to_stop()
    until = time.monotonic() + STOP_SECONDS
    for thread in threads:
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join(max(0.0, until - time.monotonic()))

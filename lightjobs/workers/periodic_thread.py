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
    ) -> None:
        """`attempt` runs a task, deals with its errors, and returns whether it succeeded. No call
        waits longer than `limit` seconds for an answer of the store. With `at_once`, the tasks are
        due at the start; else after one interval."""
        super().__init__(name=name, daemon=True)
        self._tasks = tasks
        self._attempt = attempt
        self._limit = limit
        self._at_once = at_once
        self._over = threading.Event()
        self._had_first = threading.Event()

    def run(self) -> None:
        answer_limit.set_for_thread(self._limit)
        periodic = Periodic(self._tasks, self._at_once)
        while not self._over.wait(max(0.0, periodic.next_at - time.monotonic())):
            periodic.run_due(self._attempt)
            self._had_first.set()

    def finish_first(self, is_urgent: Callable[[], bool]) -> None:
        """Return once the tasks have been run for the first time, after FIRST_SECONDS, or when
        `is_urgent()`: a process that ends sooner would never get its tasks done."""
        until = time.monotonic() + FIRST_SECONDS
        while self.is_alive() and time.monotonic() < until and not is_urgent():
            if self._had_first.wait(0.05):
                return

    def tell_to_stop(self) -> None:
        """End the thread as soon as no task runs."""
        self._over.set()


def stop(threads: Sequence[PeriodicThread]) -> None:
    """End `threads`. Those that still run a task after STOP_SECONDS are left to themselves."""
    for thread in threads:
        thread.tell_to_stop()
    until = time.monotonic() + STOP_SECONDS
    for thread in threads:
        if thread.is_alive() and thread is not threading.current_thread():
            thread.join(max(0.0, until - time.monotonic()))

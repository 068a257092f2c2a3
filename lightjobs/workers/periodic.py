"""Periodic work: a list of tasks, each with its interval."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

RETRY_SECONDS = 0.5
"""The pause before a task that failed is tried again. It doubles with each further failure, up to
the interval of the task: a worker must not wait for a third of its lease to beat again."""


class Task(NamedTuple):
    """A call to make again and again."""

    seconds: float
    """The interval from one call to the next."""
    run: Callable[[], None]


class Periodic:
    """Runs each task at its interval, the first time after one interval or `at_once`. It has no
    thread: its owner calls `run_due` often enough."""

    def __init__(self, tasks: Sequence[Task], at_once: bool = False) -> None:
        self._tasks = tasks
        self._pauses = [RETRY_SECONDS] * len(tasks)
        now = time.monotonic()
        self._next_at = [now if at_once else now + task.seconds for task in tasks]

    @property
    def next_at(self) -> float:
        """The monotonic time at which the next task is due."""
        return min(self._next_at)

    def bring_forward(self, seconds: float) -> None:
        """Have each task be due in so many seconds, unless it is due before that."""
        latest = time.monotonic() + seconds
        self._next_at = [min(at, latest) for at in self._next_at]

    def run_due(self, attempt: Callable[[Callable[[], None]], bool]) -> None:
        """Run each task that is due by way of `attempt`, which must deal with its errors and return
        whether the task succeeded."""
        now = time.monotonic()
        for index, task in enumerate(self._tasks):
            if now >= self._next_at[index]:
                self._next_at[index] = now + task.seconds
                if attempt(task.run):
                    self._pauses[index] = RETRY_SECONDS
                else:
                    self._retry(index)

    def _retry(self, index: int) -> None:
        pause = min(self._pauses[index], self._tasks[index].seconds)
        self._pauses[index] = pause * 2
        # From now on: the failed attempt itself may have taken seconds.
        self._next_at[index] = time.monotonic() + pause

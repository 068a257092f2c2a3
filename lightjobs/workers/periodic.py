"""Periodic work: a list of tasks, each with its interval."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple


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
        now = time.monotonic()
        self._next_at = [now if at_once else now + task.seconds for task in tasks]

    @property
    def next_at(self) -> float:
        """The monotonic time at which the next task is due."""
        return min(self._next_at)

    def run_due(self, attempt: Callable[[Callable[[], None]], None]) -> None:
        """Run each task that is due by way of `attempt`, which must deal with its errors."""
        now = time.monotonic()
        for index, task in enumerate(self._tasks):
            if now >= self._next_at[index]:
                self._next_at[index] = now + task.seconds
                attempt(task.run)

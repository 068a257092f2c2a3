"""Numbers that may take the store seconds to find, kept for a while and shared by all who look."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")

KEPT = 2.0
"""A number is kept for at least this many seconds,"""
KEPT_PER_SECOND = 20.0
"""and for so many times as long as it took."""
PATIENCE = 1.0
"""How many seconds a page waits for a number."""

_THREADS = 2
"""One slow number does not hold up the others."""
_IDLE = 30.0
"""After this many seconds without work a thread ends, and its connection with it."""
_MOST = 1000
"""How many numbers are kept: there may be one for each filter that somebody thinks of."""


class Figures:
    """Keeps numbers for the longer of KEPT and KEPT_PER_SECOND x the query's time, and has each one
    found only once at a time. Threads of its own find them, so that nobody waits longer than
    PATIENCE; they are started when there is something to find."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        on_idle: Callable[[], None] = lambda: None,
        kept: float = KEPT,
    ) -> None:
        """`on_idle` is called by each of the threads when it ends: the place to close the thread's
        connection to a store. `kept` replaces KEPT."""
        self._kept = kept
        self._clock = clock
        self._on_idle = on_idle
        self._forget_all()

    def get(self, key: Hashable, query: Callable[[], T], patience: float | None = None) -> T | None:
        """What `query` returns, from memory if it is fresh enough. None if it cannot be had within
        `patience` seconds (default PATIENCE): it is then found all the same, for whoever asks next.
        Raises the error of `query`."""
        if self._pid != os.getpid():  # forked: the threads, and perhaps the lock, are the parent's
            self._forget_all()
        with self._lock:
            figure = self._found.get(key)
            if figure is None or figure.is_old(self._clock()):
                figure = self._found[key] = _Figure(query, self._last_value(figure), self._kept)
                while len(self._found) > _MOST:
                    del self._found[next(iter(self._found))]
                self._find(figure)
        done = figure.done.wait(PATIENCE if patience is None else patience)
        value: T | None = figure.result() if done else figure.last_value
        return value

    def forget(self) -> None:
        """Forget everything, because something was changed."""
        with self._lock:
            self._found.clear()

    def _last_value(self, figure: _Figure | None) -> Any:
        """What may be shown until there is a newer value: None if it is older still."""
        too_old = figure is None or self._clock() >= figure.until + figure.kept
        return None if figure is None or too_old else figure.value

    def _find(self, figure: _Figure) -> None:
        self._work.put(figure)
        if self._threads < _THREADS:
            self._threads += 1
            threading.Thread(target=self._run, name="lightjobs-figures", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                figure = self._work.get(timeout=_IDLE)
            except queue.Empty:
                with self._lock:
                    is_over = self._work.empty()
                    self._threads -= is_over
                if is_over:
                    self._on_idle()
                    return
            else:
                figure.find(self._clock)

    def _forget_all(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._found: dict[Hashable, _Figure] = {}
        self._work: queue.SimpleQueue[_Figure] = queue.SimpleQueue()
        self._threads = 0


class _Figure:
    """One number, found or being found."""

    def __init__(self, query: Callable[[], Any], last_value: Any, kept: float) -> None:
        self.done = threading.Event()
        self.value: Any = None
        self.last_value = last_value
        self.kept = self._least = kept
        self.until = 0.0
        self._query = query
        self._error: Exception | None = None

    def find(self, clock: Callable[[], float]) -> None:
        began = clock()
        try:
            self.value = self._query()
        except Exception as error:
            self._error = error
        ended = clock()
        if self._error is None:  # one that took long to come may be over soon
            self.kept = max(self._least, KEPT_PER_SECOND * (ended - began))
        self.until = ended + self.kept
        self.done.set()

    def is_old(self, now: float) -> bool:
        return self.done.is_set() and now >= self.until

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self.value

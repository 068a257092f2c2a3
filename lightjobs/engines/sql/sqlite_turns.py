"""Which threads of a process may use SQLite at the same time.

SQLite keeps its own table of the process's locks: a copy that a fork makes while another thread
runs a statement says "locked" for ever. So a fork waits for all of them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

TURN = threading.RLock()
"""Held during each statement or transaction. It costs nothing: writers take turns anyway, and
sooner here than in SQLite's busy loop."""

_condition = threading.Condition()
_looking = 0
"""How many threads are in `looking`."""


@contextmanager
def looking() -> Iterator[None]:
    """For a statement that only reads and may take long: it holds up no other thread."""
    global _looking
    with _condition:
        _looking += 1
    try:
        yield
    finally:
        with _condition:
            _looking -= 1
            _condition.notify_all()


def _before_fork() -> None:
    TURN.acquire()
    _condition.acquire()
    _condition.wait_for(lambda: _looking == 0)


def _after_fork() -> None:
    _condition.release()
    TURN.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)

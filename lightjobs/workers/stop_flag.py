"""A flag that a signal handler sets and loops look at."""

from __future__ import annotations

import os
import signal
from typing import Any


class StopFlag:
    """`raised` counts how often it was raised; 0 is false."""

    __slots__ = ("raised",)

    def __init__(self) -> None:
        self.raised = 0

    def raise_(self, *_signal: object) -> None:
        """Raise the flag; usable as a signal handler."""
        self.raised += 1


def _restore_signals() -> None:
    """In a process that a handler forked, a signal means what it means to others: nobody looks at
    the flag there. A pool of multiprocessing ends its processes with TERM and waits for them."""
    defaults: dict[int, Any] = {
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGINT: signal.default_int_handler,
    }
    for number, default in defaults.items():
        if isinstance(getattr(signal.getsignal(number), "__self__", None), StopFlag):
            signal.signal(number, default)


os.register_at_fork(after_in_child=_restore_signals)

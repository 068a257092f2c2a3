"""A flag that asks a loop to stop, usable as a signal handler."""

from __future__ import annotations

import os
import signal
from typing import Any


class StopFlag:
    """`raised` counts how often the flag was raised; 0 is false."""

    __slots__ = ("raised",)

    def __init__(self) -> None:
        self.raised = 0

    def raise_(self, *_signal: object) -> None:
        """Raise the flag; usable as a signal handler."""
        self.raised += 1


def _restore_signals() -> None:
    """Restore Python's own signal handlers in a process that a job's handler has forked, where no
    loop looks at the flag. A multiprocessing pool ends its processes with TERM and waits for them:
    with the flag's handler in place it would wait forever."""
    defaults: dict[int, Any] = {
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGINT: signal.default_int_handler,
    }
    for number, default in defaults.items():
        if isinstance(getattr(signal.getsignal(number), "__self__", None), StopFlag):
            signal.signal(number, default)


os.register_at_fork(after_in_child=_restore_signals)

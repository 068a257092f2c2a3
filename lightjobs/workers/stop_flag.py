"""A flag that asks a loop to stop: raised by a signal, by this process, or from outside."""

from __future__ import annotations

import os
import signal
from typing import Any, Protocol

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
"""The signals that stop a worker gracefully. QUIT is what the images of PHP send, and HUP is what a
closed terminal sends."""


class Told(Protocol):
    """Memory from which a flag reads how often it was raised from outside."""

    def __getitem__(self, place: int, /) -> int: ...


class StopFlag:
    """`raised` counts how often the flag was raised; 0 is false."""

    __slots__ = ("_count", "_place", "_told", "reason")

    def __init__(self, told: Told = b"\0", place: int = 0) -> None:
        """`told[place]` is how often the flag was raised from outside: a stop must be noticed even
        if other code has taken over the signals."""
        self._count = 0
        self.reason = ""
        """Why `raise_` was called first, such as SIGTERM; "" before."""
        self._told = told
        self._place = place

    @property
    def raised(self) -> int:
        """How often the flag was raised, by `raise_` or from outside. A signal may be counted in
        both, so this is the larger number and not the sum."""
        count, told = self._count, self._told[self._place]
        return count if count > told else told

    def raise_(self, reason: str | int = "a request", _frame: object = None) -> None:
        """Raise the flag; usable as a signal handler. The `reason` is for the log."""
        if not self._count:
            self.reason = reason if isinstance(reason, str) else signal.Signals(reason).name
        self._count += 1

    def handles_signals(self) -> bool:
        """Whether the stop signals still come here, and not to a handler that other code has set
        since `handle_signals`."""
        return all(
            signal.getsignal(number) in (self.raise_, signal.SIG_IGN) for number in STOP_SIGNALS
        )

    def handle_signals(self) -> None:
        """Have each of STOP_SIGNALS raise the flag, whatever handled it until now. HUP stays
        ignored if it is: nohup has done that."""
        for number in STOP_SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.raise_)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def _restore_signals() -> None:
    """Restore Python's own signal handlers in a process that a job's handler has forked, where no
    loop looks at the flag. A multiprocessing pool ends its processes with TERM and waits for them:
    with the flag's handler in place it would wait forever."""
    for number in STOP_SIGNALS:
        if isinstance(getattr(signal.getsignal(number), "__self__", None), StopFlag):
            default: Any = signal.SIG_DFL
            if number == signal.SIGINT:
                default = signal.default_int_handler
            signal.signal(number, default)


os.register_at_fork(after_in_child=_restore_signals)

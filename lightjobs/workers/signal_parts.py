"""The parts of a process's state that concern signals."""

from __future__ import annotations

import contextlib
import signal

# signal.getsignal() makes an enum of each answer, and so takes 20 times as long.
from _signal import getsignal  # type: ignore[import-not-found]
from collections.abc import Callable
from typing import Any

from .part import Part

_SIGNALS = sorted(map(int, signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}))

_TERM, _INT, _QUIT, _HUP, _CHLD, _ALRM, _USR1 = map(
    int,  # an enum member takes longer
    (
        *(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP),
        *(signal.SIGCHLD, signal.SIGALRM, signal.SIGUSR1),
    ),
)
"""The signals that handlers and libraries usually handle."""

_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)


def quick_look(handler: Callable[[int], Any] = getsignal) -> list[Any]:
    """What can be compared in a fraction of a microsecond."""
    return [
        handler(_TERM),
        handler(_INT),
        handler(_QUIT),
        handler(_HUP),
        handler(_CHLD),
        handler(_ALRM),
        handler(_USR1),
    ]


def parts() -> list[Part]:
    """The parts, in the order in which they must be put back."""
    return [
        # Before the signal handlers: without its handler, an alarm would end the process.
        Part("a timer", _running_timers, _stop_timers),
        Part("signal handlers", _signal_handlers, _set_signal_handlers),
        Part("blocked signals", _blocked_signals, _block_signals),
        Part("the wake-up descriptor of signals", _wakeup_descriptor, _set_wakeup_descriptor),
    ]


def _running_timers() -> list[bool]:
    return [signal.getitimer(timer) != (0.0, 0.0) for timer in _TIMERS]


def _stop_timers(running: list[bool]) -> None:
    """Stop the timers that did not run at the beginning. How the others were set is not known."""
    for timer, ran in zip(_TIMERS, running, strict=True):
        if not ran:
            signal.setitimer(timer, 0)


def _signal_handlers() -> list[Any]:
    return [*map(getsignal, _SIGNALS)]


def _set_signal_handlers(handlers: list[Any]) -> None:
    for number, handler in zip(_SIGNALS, handlers, strict=True):
        # None stands for a handler that is not Python's and cannot be set from here.
        if handler is not None and getsignal(number) is not handler:
            with contextlib.suppress(OSError, ValueError):  # the C library keeps some to itself
                signal.signal(number, handler)


def _blocked_signals() -> set[Any]:
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


def _block_signals(numbers: set[Any]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, numbers)


def _wakeup_descriptor() -> int:
    # It can only be read by setting another one.
    descriptor = signal.set_wakeup_fd(-1)
    with contextlib.suppress(OSError, ValueError):  # a handler has closed it
        _set_wakeup_descriptor(descriptor)
    return descriptor


def _set_wakeup_descriptor(descriptor: int) -> None:
    if descriptor != -1:
        signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)

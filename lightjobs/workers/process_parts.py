"""The parts of a process's state that a worker puts back: how each is read and written."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys

# signal.getsignal() makes an enum of each answer, and so takes 20 times as long.
from _signal import getsignal  # type: ignore[import-not-found]
from collections.abc import Callable
from typing import Any

from . import logging_setup
from .descriptors import Descriptors

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


class Part:
    """One part of the state, and its value to begin with."""

    def __init__(
        self,
        name: str,
        read: Callable[[], Any],
        write: Callable[[Any], object],
        of_libraries: bool = False,
    ) -> None:
        """`name` is for the log. A part `of_libraries` is one that libraries change when they are
        imported, which they are only once: what they changed must stay."""
        self.name = name
        self._read = read
        self._write = write
        self._of_libraries = of_libraries
        self._value = read()

    def restore(self, has_imported: bool) -> bool:
        """Put the value back. Returns whether it had changed. After the run `has_imported`
        something, a part of libraries keeps its new value."""
        value = self._read()
        if value == self._value:
            return False
        if has_imported and self._of_libraries:
            self._value = value
            return False
        # What cannot be put back, for example because a file is gone, must not end the worker.
        with contextlib.suppress(Exception):
            self._write(self._value)
        return True


def quick_look(handler: Callable[[int], Any] = getsignal) -> list[Any]:
    """What can be compared in a fraction of a microsecond."""
    return [
        len(sys.modules),
        handler(_TERM),
        handler(_INT),
        handler(_QUIT),
        handler(_HUP),
        handler(_CHLD),
        handler(_ALRM),
        handler(_USR1),
    ]


def parts(descriptors: Descriptors) -> list[Part]:
    """All parts, in the order in which they must be put back."""
    return [
        Part("standard input or output", descriptors.read, descriptors.restore),
        # Before the signal handlers: without its handler, an alarm would end the process.
        Part("a timer", _running_timers, _stop_timers),
        Part("signal handlers", _signal_handlers, _set_signal_handlers),
        Part("blocked signals", _blocked_signals, _block_signals),
        Part("the wake-up descriptor of signals", _wakeup_descriptor, _set_wakeup_descriptor),
        _loggers(),
        Part("the root logger", _root_logger, _set_root_logger, of_libraries=True),
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


def _loggers() -> Part:
    loggers = logging_setup.loggers()

    def disabled() -> list[bool]:
        return [logger.disabled for logger in loggers]

    return Part("lightjobs' loggers", disabled, lambda _: logging_setup.enable())


def _root_logger() -> tuple[int, int, list[logging.Handler]]:
    root = logging.root
    return root.level, root.manager.disable, list(root.handlers)


def _set_root_logger(before: tuple[int, int, list[logging.Handler]]) -> None:
    level, disabled, handlers = before
    logging.root.setLevel(level)
    logging.disable(disabled)
    logging.root.handlers[:] = handlers

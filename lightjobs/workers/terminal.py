"""Ctrl-C and Ctrl-Z at the terminal of a `job:work` in the foreground."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable


def leave_group() -> None:
    """Leave the process group to which the terminal sends Ctrl-C, as a shell does with its jobs.

    Only the supervisor decides what Ctrl-C means. A child could ignore it; but a program that a
    handler runs would then ignore it, too, whatever sends it, or else be ended by it.
    """
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)  # a forked child has the supervisor's handler
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:  # there is no terminal
        return
    try:
        if os.tcgetpgrp(terminal) == os.getpgrp():
            os.setpgid(0, 0)
    except OSError:
        pass
    finally:
        os.close(terminal)


def suspend_together(children: Callable[[], Iterable[int]]) -> None:
    """At Ctrl-Z, stop these processes as well as this one, and let all go on together. Otherwise
    the children would run jobs while this process cannot beat for them."""

    def suspend(*_signal: object) -> None:
        stopped = list(children())
        _send(stopped, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        _send(stopped, signal.SIGCONT)

    if signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL:
        signal.signal(signal.SIGTSTP, suspend)


def _send(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            has_group = os.getpgid(pid) == pid
            (os.killpg if has_group else os.kill)(pid, number)

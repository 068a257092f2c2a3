"""A command as process 1 of a container.

The kernel gives orphaned processes to process 1, which must wait for them, or they stay as zombies.
A supervisor cannot: it would also take the exit statuses that other code waits for. So process 1
does nothing else, and the command runs in a process of its own, as under `docker run --init`.

The kernel also drops the signals for which process 1 has no handler. So this is done first, and
imports next to nothing.
"""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType
from typing import Any

_FORWARDED = (
    *(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP),
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH),
)


def split() -> None:
    """Return in a new process if this one is process 1, which then forwards signals to the new one,
    waits for all orphans, and ends as the new one ends. Nothing may have been printed yet."""
    if os.getpid() != 1:
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
    command = os.fork()
    if command:
        _be_init(command, mask)
    _take_terminal()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _take_terminal() -> None:
    """Have Ctrl-C reach this process alone. It would otherwise come twice, and the second signal
    ends running jobs at once."""
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
        ignored = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            os.tcsetpgrp(0, os.getpgrp())
        finally:
            signal.signal(signal.SIGTTOU, ignored)


def _be_init(command: int, mask: set[Any]) -> None:
    """Wait for all children until `command` has ended. Never returns."""

    def forward(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(command, number)

    for number in _FORWARDED:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    pid = status = 0
    while pid != command:
        pid, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)

"""Starting a child process: forked while that is safe, which is at once; else a new interpreter."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any

_OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
"""What the supervisor handles; nothing of it must reach a child that still has those handlers."""


class Forked:
    """A forked child, with as much of `subprocess.Popen` as a supervisor needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else has asked; how it ended nobody knows
                pid, status = self.pid, 255 << 8
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal; no error if it has just ended. Once it has been waited for, its number may
        be another's."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


Process = Forked | subprocess.Popen[bytes]


def spawn(order: str, descriptors: Sequence[int], close_inherited: Callable[[], None]) -> Process:
    """Start a child with `order`, the JSON of an Order, that inherits `descriptors`. A forked one
    calls `close_inherited` first.

    Python takes 0.2 s to import a driver and what that needs; a fork has it already. But a fork
    also has the locks that other threads hold at that moment, and no thread that would release
    them: so once this process has threads, a child is a new interpreter.
    """
    if threading.active_count() > 1:
        return subprocess.Popen(
            [sys.executable, "-m", "lightjobs.workers.child", order],
            stdin=subprocess.DEVNULL,
            pass_fds=descriptors,
        )
    sys.stdout.flush()  # or both would write what is gathered there
    sys.stderr.flush()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
    pid = os.fork()
    if not pid:
        _become_child(order, close_inherited, mask)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return Forked(pid)


def _become_child(order: str, close_inherited: Callable[[], None], mask: set[Any]) -> None:
    """Become what a new interpreter would be; never returns."""
    try:
        from . import child

        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number in (signal.SIGTERM, signal.SIGINT):
            # Until the child has its own: INT is the supervisor's business, TERM just ends it.
            ignored = number == signal.SIGINT
            signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, 0)
        os.close(nowhere)
        close_inherited()
        child.run(order)
    except BaseException:
        traceback.print_exc()
    finally:  # whatever happened, this copy does not go on as a second supervisor
        os._exit(1)

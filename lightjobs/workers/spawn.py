"""Starting a child process: by a fork, which is quick, while that is safe; else as a new
interpreter."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from .. import env
from .order import Order
from .stop_flag import STOP_SIGNALS

if TYPE_CHECKING:
    import subprocess

_OURS = (*STOP_SIGNALS, signal.SIGCHLD)
"""The signals that the supervisor handles. They must not reach a forked child while it still has
the supervisor's handlers."""


class Forked:
    """A forked child, with as much of the interface of `subprocess.Popen` as a supervisor needs."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while the child runs."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # other code has waited for it: the status is lost
                pid, status = self.pid, 255 << 8
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal. Does nothing if the child has ended: once it has been waited for, its
        process id may belong to another process."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


Process: TypeAlias = "Forked | subprocess.Popen[bytes]"


def spawn(order: Order, close_inherited: Callable[[], None]) -> Process:
    """Start a child with `order`. A forked child calls `close_inherited` first.

    Python takes 0.2 s to import a driver and what the driver needs; a forked child has these
    already. But it also has the locks that other threads hold at that moment, and no thread that
    would release them. So once this process has threads, a child is a new interpreter.
    """
    if threading.active_count() > 1:
        import subprocess  # here: the first children are forked, and it takes 1 ms of a start

        return subprocess.Popen(
            [sys.executable, "-m", "lightjobs.workers.child", order.to_json()],
            stdin=subprocess.DEVNULL,
            pass_fds=order.inherited,
            env=env.for_children(),
        )
    sys.stdout.flush()  # otherwise both processes would write what is buffered
    sys.stderr.flush()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)
    try:
        pid = os.fork()
        if not pid:
            _become_child(order.to_json(), close_inherited, mask)
    finally:  # also if the limit of processes is reached
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return Forked(pid)


def _become_child(order: str, close_inherited: Callable[[], None], mask: set[Any]) -> None:
    """Turn this copy of the supervisor into what a new interpreter would be. Never returns."""
    try:
        from . import child, exiting

        exiting.forget_inherited()

        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # Signals that ask for a stop wait until the child has handlers of its own for them.
        signal.pthread_sigmask(signal.SIG_SETMASK, mask.union(STOP_SIGNALS))
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        close_inherited()
        child.run(order)
    except BaseException:
        traceback.print_exc()
    finally:  # whatever happened, this copy must not go on as a second supervisor
        os._exit(1)

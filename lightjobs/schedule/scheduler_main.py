"""The scheduler in a process of its own: `schedule:work`."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import time
from collections.abc import Callable

from ..process.service_manager import ServiceManager
from .scheduler import Scheduler


def run(
    scheduler: Scheduler,
    with_parent: bool = False,
    on_ready: Callable[[], None] = lambda: None,
    service: ServiceManager | None = None,
) -> int:
    """Dispatch until TERM, INT, QUIT or HUP. A second signal ends the process at once; that
    loses no job and dispatches none twice. With `with_parent`, also end when the parent process has
    ended. `service` is told that it beats and stops. Returns 0, the exit status."""
    service = service or ServiceManager()
    parent = os.getppid()
    signals = _Signals()
    scheduler.begin(time.time(), among_others=True)
    on_ready()
    while not signals.count and (not with_parent or os.getppid() == parent):
        until = scheduler.tick(time.time())
        signals.wait(min(until - time.time(), service.beat()))
    service.stopping("stopping")
    return 0


class _Signals:
    """Counts the signals that ask for a stop. A pipe wakes `wait`, which would otherwise miss a
    signal that arrives between the look at the count and the start of the sleep."""

    def __init__(self) -> None:
        self.count = 0
        self._reading, writing = os.pipe()
        os.set_blocking(self._reading, False)
        os.set_blocking(writing, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # by nohup
                signal.signal(number, self._note)

    def _note(self, *_signal: object) -> None:
        self.count += 1
        if self.count > 1:
            os._exit(0)

    def wait(self, seconds: float) -> None:
        """Sleep for so many seconds or until a signal."""
        if seconds > 0:
            poll = select.poll()  # not select(), which takes no descriptor above 1,023
            poll.register(self._reading, select.POLLIN)
            poll.poll(math.ceil(seconds * 1000))
        with contextlib.suppress(BlockingIOError):
            os.read(self._reading, 1024)

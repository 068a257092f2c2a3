"""The scheduler as a child process of the supervisor: `job:work --schedule`.

It is a process of its own because user code (`when`, the imports of the schedule) must not keep the
supervisor from sending heartbeats.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from .. import env

RESTART_SECONDS = 1.0
STOP_SECONDS = 5.0
"""How long the scheduler may take to stop before it is killed. Killing it loses no job and
dispatches none twice."""

_log = logging.getLogger("lightjobs.schedule")


class SchedulerSubprocess:
    """Keeps a `schedule:work` running while the `with` block runs."""

    def __init__(self, options: Sequence[str], away: int | None = None) -> None:
        """`away` is the descriptor of the outage of this process, which it shares."""
        command = [sys.executable, "-m", "lightjobs", "schedule:work", "--with-parent", *options]
        self._shared = [] if away is None else [away]
        self._command = [*command, *(f"--outage={number}" for number in self._shared)]
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="schedule", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._over.set()
            if self._process is not None:
                self._process.terminate()
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive() and self._process is not None:
            self._process.kill()

    def worker_stops(self) -> None:
        """Start no other scheduler from now on: the worker has been told to stop."""
        self._over.set()

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._over.is_set():
                    return
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    pass_fds=self._shared,
                    env=env.for_children(),
                )
            status = self._process.wait()
            # A signal may have reached all processes at once, as Ctrl-C does: then the worker says
            # within the pause that it stops.
            if self._over.wait(RESTART_SECONDS):
                return
            if status:
                _log.error("the scheduler ended with exit status %d; starting another", status)
            else:
                _log.warning("the scheduler was stopped from outside; starting another")

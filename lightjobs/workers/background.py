"""Work that may take long, done in a thread of its own: a thread that renews leases and watches
children must not wait for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..errors import LightjobsError

STOP_SECONDS = 1.0
"""How long `stop` waits for work that is in progress."""

_log = logging.getLogger("lightjobs.worker")


class BackgroundWork:
    """Does `work` in a thread of its own each time it is called. A call while the work is still in
    progress has no effect."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._wanted = threading.Event()
        self._over = False
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        if self._thread is None:
            # One thread for all calls: an engine keeps a connection for each thread.
            self._thread = threading.Thread(target=self._run, name="background", daemon=True)
            self._thread.start()
        self._wanted.set()

    def stop(self) -> None:
        """End the thread. If it is still at work after STOP_SECONDS, it is left to itself."""
        self._over = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while self._wanted.wait() and not self._over:
            try:
                self._work()
            except LightjobsError as error:
                _log.warning("left for the next time: %s", error)
            self._wanted.clear()

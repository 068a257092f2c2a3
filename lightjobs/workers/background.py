"""Work that may take long, beside the thread that beats."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..errors import LightjobsError

STOP_SECONDS = 1.0
"""How long to wait for a chore at the end."""

_log = logging.getLogger("lightjobs.worker")


class BackgroundTask:
    """Called, has `work` done in a thread of its own, unless it is still at it from the last time.
    Whoever has leases to renew and children to watch must not wait for it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._wanted = threading.Event()
        self._over = False
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        if self._thread is None:
            # One for all times: an engine keeps a connection for each thread.
            self._thread = threading.Thread(target=self._run, name="chore", daemon=True)
            self._thread.start()
        self._wanted.set()

    def stop(self) -> None:
        """End the thread; returns when it has ended, or is at work that can be left to its fate."""
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

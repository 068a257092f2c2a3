"""Work that may take long, beside the thread that beats."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from ..errors import LightjobsError

_log = logging.getLogger("lightjobs.worker")


class Chore:
    """Called, runs `work` in a thread of its own, unless it still runs from the last time. Whoever
    has leases to renew and children to watch must not wait for it."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="chore", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except LightjobsError as error:
            _log.warning("left for the next time: %s", error)

"""How many children are to be started, and when: a child that has ended is replaced."""

from __future__ import annotations

import logging
import time

from .child import GIVEN_UP, NO_DESCRIPTORS, OUTGROWN
from .child_process import Child
from .heartbeat import log_given_up

RESPAWN_SECONDS = (0.1, 10.0)
"""First and longest pause before the replacement of a child that died without running a job."""

_log = logging.getLogger("lightjobs.supervisor")


class Respawn:
    """Counts the children that are to be started."""

    def __init__(self, count: int) -> None:
        self.count = count
        """How many are to be started."""
        self.start_at = 0.0
        """When, by the monotonic clock."""
        self._pause = RESPAWN_SECONDS[0]

    @property
    def is_due(self) -> bool:
        """Whether children are to be started now."""
        return self.count > 0 and time.monotonic() >= self.start_at

    def wait(self, seconds: float) -> None:
        """Start no child for so long."""
        self.start_at = time.monotonic() + seconds

    def replace(self, child: Child, status: int) -> None:
        """Log how a child has ended, and have another take its place."""
        held = child.journal.read()
        if status == GIVEN_UP:
            log_given_up(child.worker)
        elif status == OUTGROWN:
            _log.info("a child has outgrown --max-memory; replacing it")
        elif status == 0 and not held:
            _log.warning("a child was stopped from outside; another takes over")
        elif status == NO_DESCRIPTORS:
            _log.warning("a job has closed the descriptors of its child; replacing it")
        elif not child.timed_out:
            how = child.described_end()
            _log.error(
                "a child ended with %s; its jobs go back and another takes over",
                how,
                extra={"job_event": "died", "job_worker": child.worker, "job_end": child.end},
            )
        self.count += 1
        self.start_at = 0.0
        if status in (OUTGROWN, GIVEN_UP) or any(entry.started for entry in held):
            # No pause: a job may have killed the child, and can do so only as often as it may be
            # recovered.
            self._pause = RESPAWN_SECONDS[0]
        else:
            self.wait(self._pause)
            self._pause = min(self._pause * 2, RESPAWN_SECONDS[1])

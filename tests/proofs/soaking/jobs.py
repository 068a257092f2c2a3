"""The jobs of the soak: `app_jobs/jobs.py` of its project. Each notes how it ended."""

from __future__ import annotations

import asyncio
import os
import time
from functools import cache
from typing import Any

from lightjobs import Job

NOTES = "SOAK_NOTES"
"""The variable that names the file of notes."""


@cache
def _descriptor() -> int:
    return os.open(os.environ[NOTES], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


class Plain(Job):
    """Ends well."""

    queue = "plain"

    def handle(self) -> Any:
        time.sleep(0.002)
        self.note("end")

    def note(self, event: str) -> None:
        """Note that this run came to `event`."""
        os.write(_descriptor(), f"{event} {self.payload['n']}\n".encode())


class Waiting(Plain):
    """On an event loop."""

    async def handle(self) -> None:
        await asyncio.sleep(0.002)
        self.note("end")


class Flaky(Plain):
    """Fails twice, and ends well in its third run."""

    attempts = 3
    retryAfter = "+1 second"

    def handle(self) -> Any:
        if self.context.attempt < 3:
            raise RuntimeError("a run of the soak that is to be repeated")
        super().handle()


class Failing(Plain):
    """Fails for good."""

    def handle(self) -> Any:
        raise ValueError("a job of the soak that is to fail")

    def onFailure(self) -> None:
        self.note("failed")


class Unique(Plain):
    """One of a key at a time."""

    queue = "flow"
    unique = "active"
    whenTaken = "refuse"

    def uniqueKey(self) -> str:
        return str(self.payload["key"])


class Grouped(Plain):
    """At most two of a tenant run at a time."""

    queue = "flow"
    groupLimit = 2

    def group(self) -> str:
        return f"tenant {self.payload['n'] % 7}"


class Step(Plain):
    """A link of a chain, or part of a batch."""

    queue = "flow"


class FailingStep(Failing):
    """One that fails for good."""

    queue = "flow"


class Kept(Plain):
    """Tells how far it is, and leaves a result."""

    keepResult = "+1 minute"

    def handle(self) -> Any:
        self.progress(1, 2, "half")
        super().handle()
        return {"n": self.payload["n"]}


class Slot(Plain):
    """What the schedule dispatches: it has no number of its own."""

    def handle(self) -> Any:
        os.write(_descriptor(), f"slot {self.context.id}\n".encode())

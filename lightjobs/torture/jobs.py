"""The jobs of the torture. Each notes when a run starts and when it ends."""

from __future__ import annotations

import asyncio
import os
import time
from functools import cache
from pathlib import Path
from typing import Any

from ..job_class import Job
from .notes import RUNS, Notes
from .orders import QUEUE, Orders


@cache
def _notes(_pid: int) -> Notes:
    return Notes(Path(Orders.of_environment().folder) / RUNS)


class Numbered(Job):
    """Sleeps for as long as its payload says. It has no hook, so that workers may settle many at
    once, in the background."""

    queue = QUEUE

    def handle(self) -> Any:
        self.note("start")
        time.sleep(self.payload["sleep"])
        self.note("end")

    def note(self, event: str) -> None:
        """Note `event` of this run."""
        context = self.context
        _notes(os.getpid()).add(event, [self.payload["n"]], context.attempt, context.fence)


class Told(Numbered):
    """Notes also that its outcome was accepted."""

    def onSuccess(self) -> None:
        self.note("accepted")


class Waiting(Numbered):
    """As Numbered, on an event loop."""

    async def handle(self) -> None:
        self.note("start")
        await asyncio.sleep(self.payload["sleep"])
        self.note("end")


class Repeated(Told):
    """Fails in its first run, and ends well in its second, which is the last that it may have."""

    attempts = 2

    def handle(self) -> Any:
        if self.context.attempt == 1:
            self.note("start")
            self.note("raised")
            raise RuntimeError("a job of the torture that is to be repeated")
        super().handle()


KINDS: tuple[tuple[type[Numbered], float], ...] = (
    (Numbered, 0.4),
    (Told, 0.4),
    (Waiting, 0.1),
    (Repeated, 0.1),
)
"""All of them, and their shares among what is dispatched."""


def payload(number: int, sleep: float) -> dict[str, Any]:
    """The payload of the job with this number."""
    return {"n": number, "sleep": sleep}

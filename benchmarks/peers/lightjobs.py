"""lightjobs itself."""

from __future__ import annotations

from typing import Any

from lightjobs import Job

from . import work
from .ticks import stamp, tick


class Noop(Job):
    queue = "bench"

    def handle(self) -> None:
        tick()


class Stamp(Job):
    queue = "bench"

    def handle(self) -> None:
        stamp(self.payload["n"])


class Pause(Job):
    queue = "bench"

    async def handle(self) -> None:
        await work.pause(self.payload["n"])


class Block(Job):
    queue = "bench"

    def handle(self) -> None:
        work.block(self.payload["n"])


class Burn(Job):
    queue = "bench"

    def handle(self) -> None:
        work.burn(self.payload["n"])


JOBS: dict[str, Any] = {"noop": Noop, "stamp": Stamp, "pause": Pause, "block": Block, "burn": Burn}


def dispatch(job: str, value: int) -> None:
    JOBS[job]().dispatch({"n": value})


async def dispatch_async(job: str, value: int) -> None:
    await JOBS[job]().dispatchAsync({"n": value})


def dispatch_many(job: str, value: int, jobs: int) -> None:
    JOBS[job].dispatchMany([{"n": value}] * jobs)

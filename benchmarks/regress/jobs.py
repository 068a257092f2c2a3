"""The jobs of the comparison."""

from __future__ import annotations

import asyncio
import time

from benchmarks.peers.ticks import stamp, tick
from lightjobs import Job

WAIT_SECONDS = 0.01


class Noop(Job):
    queue = "bench"

    def handle(self) -> None:
        tick()


class Stamp(Job):
    queue = "bench"

    def handle(self) -> None:
        stamp(self.payload["at"])


class Wait(Job):
    queue = "bench"

    async def handle(self) -> None:
        await asyncio.sleep(WAIT_SECONDS)
        tick()


class Block(Job):
    queue = "bench"

    def handle(self) -> None:
        time.sleep(WAIT_SECONDS)
        tick()

"""lightjobs itself."""

from __future__ import annotations

from lightjobs import Job

from .ticks import stamp, tick


class Noop(Job):
    queue = "bench"

    def handle(self) -> None:
        tick()


class Stamp(Job):
    queue = "bench"

    def handle(self) -> None:
        stamp(self.payload["at"])


def dispatch() -> None:
    Noop().dispatch({"n": 1})


def dispatch_stamp(at: int) -> None:
    Stamp().dispatch({"at": at})


def dispatch_many(jobs: int) -> None:
    Noop.dispatchMany([{"n": 1}] * jobs)

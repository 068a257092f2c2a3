"""What the model keeps of jobs, workers and batches, and of time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lightjobs.model import Claim, Flow, Status

SLACK = 0.005
"""How far the store's clock and ours may be apart, in seconds: some databases round."""

RUNS = (Status.NEW, Status.PAUSED, Status.QUEUED)
"""The statuses of jobs that have not ended."""


@dataclass
class Window:
    """The time in which an engine carried out a call."""

    begin: float = field(default_factory=time.time)
    end: float = 0.0

    def close(self) -> None:
        self.end = time.time()

    @property
    def second(self) -> tuple[float, float]:
        """When something is due that became due now: in this second, as it has no fraction."""
        return float(int(self.begin - SLACK)), float(int(self.end + SLACK))


@contextmanager
def timed() -> Iterator[Window]:
    """The window of the calls inside."""
    window = Window()
    try:
        yield window
    finally:
        window.close()


@dataclass
class Job:
    """A job as it must be in the store. A job that the store pushes itself has no id until it is
    seen: it is known by its payload, which no two jobs have in common."""

    birth: int
    order: int
    """Which of the jobs of its queue that are due at the same time go before it: those with a lower
    number."""
    payload: str
    queue: str
    handler: str
    priority: int
    due: tuple[float, float]
    """The earliest and the latest moment at which it may be due."""
    flow: Flow = field(default_factory=Flow)
    id: str = ""
    status: Status = Status.NEW
    attempts: int = 0
    fence: int = 0
    recoveries: int = 0
    worker: str | None = None
    exception: str | None = None
    lost: int = 0
    """How often a worker was lost with it, which its errors tell."""
    with_php: bool = False
    """Whether a PHP worker holds it."""

    @property
    def key(self) -> str | None:
        return None if self.flow.unique is None else self.flow.unique.key

    def is_due(self, window: Window) -> bool:
        """Whether it was certainly due during all of the window."""
        return self.due[1] + SLACK <= window.begin

    def may_be_due(self, window: Window) -> bool:
        return self.due[0] <= window.end + SLACK

    def goes_before(self, other: Job) -> bool:
        """Whether it is certainly before `other` in the order of one group."""
        return (self.due[1], self.order) < (other.due[0], other.order)

    def put_back(self) -> None:
        """It waits again, at the time at which it was due. Redis drops the fraction then."""
        self.status, self.worker, self.with_php = Status.NEW, None, False
        self.due = float(int(self.due[0])), self.due[1]


@dataclass
class Worker:
    """A worker, which may be forgotten by the store."""

    name: str
    is_registered: bool = True
    has_run_out: bool = False
    """Whether its lease is over."""
    claims: list[Claim] = field(default_factory=list)
    """All that it was ever given."""


@dataclass
class Batch:
    """A batch, and what is pushed when it has come to a point."""

    id: str
    total: int
    callbacks: dict[str, str]
    """The payload of the job that each callback pushes."""
    removed_failed: int = 0
    removed_cancelled: int = 0
    called: list[str] = field(default_factory=list)

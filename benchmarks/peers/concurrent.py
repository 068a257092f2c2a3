"""How one worker process of each library is told to run many jobs at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

from .catalogue import BULLMQ, LIGHTJOBS, LIGHTJOBS_ON_SQL, PEERS, Peer, installed, module


class Way(NamedTuple):
    """A library with one kind of handler: the command for a concurrency, the jobs a second that it
    does not exceed (so many are stored for each second of a round), and what was chosen."""

    peer: Peer
    command: Callable[[int], list[str]]
    most: int
    note: str


ASYNC, THREADS = "async", "threads"
JOBS = {ASYNC: "pause", THREADS: "block"}
"""Which job of `work.py` a kind of handler runs."""
_PEER = {peer.name: peer for peer in PEERS}


def _lightjobs(concurrency: int) -> list[str]:
    command = [sys.executable, "-m", "lightjobs", "job:work", "--queue=bench"]
    return [*command, f"--concurrency={concurrency}"]


def _bullmq(concurrency: int) -> list[str]:
    return [*BULLMQ.program, "work", "1", str(concurrency)]


def _taskiq(concurrency: int) -> list[str]:
    command = [installed("taskiq"), "worker", module("taskiq:broker"), "-w1"]
    options = ("--max-async-tasks", "--max-threadpool-threads", "--max-prefetch")
    return [*command, *(f"{option}={concurrency}" for option in options)]


_TASKIQ = "RedisStreamBroker; --max-async-tasks, --max-prefetch and xread_count as the concurrency"

ON_REDIS = {
    ASYNC: (
        Way(LIGHTJOBS, _lightjobs, 15_000, "--concurrency"),
        Way(BULLMQ, _bullmq, 10_000, "concurrency; ioredis; removeOnComplete: {count: 0}"),
        Way(_PEER["taskiq"], _taskiq, 3000, _TASKIQ),
    ),
    THREADS: (
        Way(LIGHTJOBS, _lightjobs, 12_000, "--concurrency"),
        Way(_PEER["taskiq"], _taskiq, 3000, f"{_TASKIQ}; --max-threadpool-threads, too"),
    ),
}

ON_POSTGRES = {
    ASYNC: (Way(LIGHTJOBS_ON_SQL, _lightjobs, 12_000, "--concurrency"),),
    THREADS: (Way(LIGHTJOBS_ON_SQL, _lightjobs, 12_000, "--concurrency"),),
}

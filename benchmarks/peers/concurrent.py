"""How one worker process of each library is told to run many jobs at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import NamedTuple

from ..figures import Failed
from .catalogue import (
    ARQ,
    BULLMQ,
    LIGHTJOBS,
    LIGHTJOBS_ON_SQL,
    PEERS,
    POSTGRES_PEERS,
    SIDEKIQ,
    Peer,
    installed,
    module,
    sidekiq,
)


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
_PEER = {peer.name: peer for peer in (*PEERS, *POSTGRES_PEERS)}


def _lightjobs(concurrency: int) -> list[str]:
    command = [sys.executable, "-m", "lightjobs", "job:work", "--queue=bench"]
    return [*command, f"--concurrency={concurrency}"]


def _bullmq(concurrency: int) -> list[str]:
    return [*BULLMQ.program, "work", "1", str(concurrency)]


def _taskiq(concurrency: int) -> list[str]:
    command = [installed("taskiq"), "worker", module("taskiq:broker"), "-w1"]
    options = ("--max-async-tasks", "--max-threadpool-threads", "--max-prefetch")
    return [*command, *(f"{option}={concurrency}" for option in options)]


def _dramatiq(concurrency: int) -> list[str]:
    return [installed("dramatiq"), module("dramatiq"), "-p1", f"-t{concurrency}"]


def _huey(concurrency: int) -> list[str]:
    return [installed("huey_consumer"), module("huey.app"), "-k", "thread", f"-w{concurrency}"]


def _celery(concurrency: int) -> list[str]:
    command = [installed("celery"), "-A", module("celery"), "worker"]
    return [*command, "--pool=threads", f"-c{concurrency}"]


def _rq(concurrency: int) -> list[str]:
    if concurrency > 1:
        raise Failed("not possible: a worker process of rq runs one job at a time")
    return _PEER["rq"].worker(1)


def _pgqueuer(concurrency: int) -> list[str]:
    command = [installed("pgq"), "run", f"{module('pgqueuer')}:main"]
    # It wants room for two batches; where one job is to run at a time, its entry points see to it.
    batch = max(1, concurrency // 2)
    return [*command, f"--batch-size={batch}", f"--max-concurrent-tasks={max(2, concurrency)}"]


def _procrastinate(concurrency: int) -> list[str]:
    command = [installed("procrastinate"), "--app", f"{module('procrastinate')}.app", "worker"]
    return [*command, f"--concurrency={concurrency}", "--delete-jobs=always"]


def _alone(peer: Peer) -> Callable[[int], list[str]]:
    """The command for one process: its module reads the concurrency from the environment."""
    return lambda _concurrency: peer.worker(1)


_TASKIQ = "RedisStreamBroker; --max-async-tasks, --max-prefetch and xread_count as the concurrency"

_ARQ = "max_jobs; poll_delay of 0.01 s instead of 0.5; keep_result 0"
_SAQ = "concurrency and max_concurrent_ops"
_PGQUEUER = "--max-concurrent-tasks, and --batch-size half of that, the most it allows"
_PROCRASTINATE = "--concurrency, --delete-jobs=always"

ON_REDIS = {
    ASYNC: (
        Way(LIGHTJOBS, _lightjobs, 15_000, "--concurrency"),
        Way(BULLMQ, _bullmq, 10_000, "concurrency; ioredis; removeOnComplete: {count: 0}"),
        Way(_PEER["taskiq"], _taskiq, 3000, _TASKIQ),
        Way(ARQ, _alone(ARQ), 1500, _ARQ),
        Way(_PEER["saq"], _alone(_PEER["saq"]), 1500, _SAQ),
        Way(_PEER["streaq"], _alone(_PEER["streaq"]), 1500, "concurrency"),
    ),
    THREADS: (
        Way(LIGHTJOBS, _lightjobs, 12_000, "--concurrency"),
        Way(SIDEKIQ, sidekiq, 3000, "-c"),
        Way(_PEER["taskiq"], _taskiq, 3000, f"{_TASKIQ}; --max-threadpool-threads, too"),
        Way(ARQ, _alone(ARQ), 1500, f"{_ARQ}; run_in_executor"),
        Way(_PEER["saq"], _alone(_PEER["saq"]), 1500, f"{_SAQ}; run_in_executor"),
        Way(_PEER["streaq"], _alone(_PEER["streaq"]), 1500, "concurrency"),
        Way(_PEER["dramatiq"], _dramatiq, 3000, "-p1 -t"),
        Way(_PEER["huey"], _huey, 2000, "-k thread -w"),
        Way(_PEER["celery"], _celery, 1500, "--pool=threads -c"),
        Way(_PEER["rq"], _rq, 300, "not possible: a worker process runs one job at a time"),
    ),
}
ON_POSTGRES = {
    ASYNC: (
        Way(LIGHTJOBS_ON_SQL, _lightjobs, 12_000, "--concurrency"),
        Way(_PEER["pgqueuer"], _pgqueuer, 2000, _PGQUEUER),
        Way(_PEER["procrastinate"], _procrastinate, 1000, _PROCRASTINATE),
    ),
    THREADS: (
        Way(LIGHTJOBS_ON_SQL, _lightjobs, 12_000, "--concurrency"),
        Way(_PEER["pgqueuer"], _pgqueuer, 2000, f"{_PGQUEUER}; run_in_executor"),
        Way(_PEER["procrastinate"], _procrastinate, 1000, f"{_PROCRASTINATE}; run_in_executor"),
    ),
}

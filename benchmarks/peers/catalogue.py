"""Who is compared: how many jobs make a round of some seconds, and how a worker is started."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".bench-venv"
"""The peers live apart: their dependencies are none of ours."""
ARQ_VENV = ROOT / ".bench-arq"
"""arq does not allow the redis-py that the others use."""
NODE = ROOT / ".bench-node"


class Peer(NamedTuple):
    """A library: the jobs of one drain, the jobs of one bulk push (0: it has none), the
    command for a number of worker processes, and who dispatches: a Python by `produce.py`, or a
    program of its own that takes the same two words."""

    name: str
    jobs: int
    bulk: int
    worker: Callable[[int], list[str]]
    python: str = str(VENV / "bin/python")
    program: tuple[str, ...] = ()

    @property
    def producer(self) -> tuple[str, ...]:
        return self.program or (self.python, "-m", "benchmarks.peers.produce", self.name)


def module(name: str) -> str:
    return f"benchmarks.peers.{name}"


def installed(command: str) -> str:
    return str(VENV / "bin" / command)


def _rq(processes: int) -> list[str]:
    # SimpleWorker, which does not fork for each job: three times as fast as rq's default.
    command = ["worker"] if processes == 1 else ["worker-pool", "-n", str(processes)]
    url = os.environ["BENCH_REDIS"]
    return [installed("rq"), *command, "-u", url, "-w", "rq.worker.SimpleWorker", "bench"]


def _lightjobs(processes: int) -> list[str]:
    command = [sys.executable, "-m", "lightjobs", "job:work", "--queue=bench"]
    return command if processes == 1 else [*command, f"--workers={processes}"]


def _pgqueuer(processes: int) -> list[str]:
    # A batch as large as the bare loop's, in its favour: the default is 10.
    return [installed("pgq"), "run", f"{module('pgqueuer')}:main", "--batch-size=100"]


def _procrastinate(processes: int) -> list[str]:
    return [installed("procrastinate"), "--app", f"{module('procrastinate')}.app", "worker"]


def _bare(processes: int) -> list[str]:
    return [sys.executable, "-m", module("bare")]


def _bullmq(processes: int) -> list[str]:
    return [*_NODE, "work", str(processes), str(BULLMQ_CONCURRENCY)]


_NODE = ("node", str(ROOT / "benchmarks/peers/bullmq/jobs.js"))
BULLMQ_CONCURRENCY = 100
"""Also where jobs do nothing: with its default of 1 it takes one job for each round trip."""
BULLMQ = Peer("bullmq", 25_000, 50_000, _bullmq, program=_NODE)


def _sidekiq(processes: int) -> list[str]:
    command = sidekiq(SIDEKIQ_CONCURRENCY)
    # More than one process by one command is a part of its paid edition.
    return command if processes == 1 else ["sh", "-c", several(command, processes)]


def sidekiq(concurrency: int) -> list[str]:
    """The command for one process with that many threads."""
    options = ["-r", str(_SIDEKIQ), "-q", "bench", "-e", "production", "-c", str(concurrency)]
    return ["sidekiq", *options]


def several(command: list[str], processes: int) -> str:
    """A line of shell that runs the same command that many times at once."""
    return " & ".join([shlex.join(command)] * processes) + " & wait"


_SIDEKIQ = ROOT / "benchmarks/peers/sidekiq.rb"
SIDEKIQ_CONCURRENCY = 10
"""Its default in 6.4."""
SIDEKIQ = Peer("sidekiq", 8000, 50_000, _sidekiq, program=("ruby", str(_SIDEKIQ)))


def _arq(processes: int) -> list[str]:
    command = [str(ARQ_VENV / "bin/arq"), f"{module('arq')}.WorkerSettings"]
    return command if processes == 1 else ["sh", "-c", several(command, processes)]


ARQ = Peer("arq", 2000, 0, _arq, python=str(ARQ_VENV / "bin/python"))

LIGHTJOBS = Peer("lightjobs", 80_000, 100_000, _lightjobs, sys.executable)
PEERS = (
    Peer(
        "huey",
        6000,
        0,
        lambda n: [installed("huey_consumer"), module("huey.app"), "-k", "process", f"-w{n}"],
    ),
    Peer(
        "taskiq",
        5000,
        0,
        lambda n: [installed("taskiq"), "worker", module("taskiq:broker"), f"-w{n}"],
    ),
    Peer("dramatiq", 5000, 0, lambda n: [installed("dramatiq"), module("dramatiq"), f"-p{n}"]),
    Peer("rq", 300, 10_000, _rq),
    Peer("saq", 2000, 0, lambda n: [installed("saq"), module("saq.settings"), f"--workers={n}"]),
    Peer(
        "celery",
        1000,
        0,
        lambda n: [installed("celery"), "-A", module("celery"), "worker", f"-c{n}"],
    ),
    Peer(
        "streaq",
        2000,
        10_000,
        lambda n: [installed("streaq"), "run", module("streaq:worker"), f"-w{n}"],
    ),
)

EVERYBODY = (LIGHTJOBS, *PEERS, ARQ, BULLMQ, SIDEKIQ)
"""All that work on Redis."""

LIGHTJOBS_ON_SQL = LIGHTJOBS._replace(jobs=60_000)
POSTGRES_PEERS = (
    Peer("pgqueuer", 20_000, 50_000, _pgqueuer),
    Peer("procrastinate", 1000, 20_000, _procrastinate),
)
BARE = Peer("bare", 60_000, 100_000, _bare, sys.executable)
_PHP = ("php", str(ROOT / "benchmarks/peers/lightpack.php"))
LIGHTPACK = Peer("lightpack", 1000, 0, lambda n: [*_PHP, "work"], program=_PHP)

"""Who is compared: how many jobs make a round of some seconds, and how a worker is started."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
VENV = ROOT / ".bench-venv"
"""The peers live apart: their dependencies are none of ours."""

REQUIREMENTS = (
    *("huey", "taskiq", "taskiq-redis", "dramatiq[redis]", "rq", "saq", "celery[redis]", "streaq"),
    *("pgqueuer[asyncpg,cli]", "procrastinate"),
)
HELPERS = ("setuptools", "psycopg[binary]", "typer<0.20")
"""What they need and do not ask for; pgqueuer's command does not start with a later typer."""


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


def _module(name: str) -> str:
    return f"benchmarks.peers.{name}"


def _installed(command: str) -> str:
    return str(VENV / "bin" / command)


def _rq(processes: int) -> list[str]:
    # SimpleWorker, which does not fork for each job: three times as fast as rq's default.
    command = ["worker"] if processes == 1 else ["worker-pool", "-n", str(processes)]
    url = os.environ["BENCH_REDIS"]
    return [_installed("rq"), *command, "-u", url, "-w", "rq.worker.SimpleWorker", "bench"]


def _lightjobs(processes: int) -> list[str]:
    command = [sys.executable, "-m", "lightjobs", "job:work", "--queue=bench"]
    return command if processes == 1 else [*command, f"--workers={processes}"]


def _pgqueuer(processes: int) -> list[str]:
    # A batch as large as the bare loop's, in its favour: the default is 10.
    return [_installed("pgq"), "run", f"{_module('pgqueuer')}:main", "--batch-size=100"]


def _procrastinate(processes: int) -> list[str]:
    return [_installed("procrastinate"), "--app", f"{_module('procrastinate')}.app", "worker"]


def _bare(processes: int) -> list[str]:
    return [sys.executable, "-m", _module("bare")]


LIGHTJOBS = Peer("lightjobs", 80_000, 100_000, _lightjobs, sys.executable)
PEERS = (
    Peer(
        "huey",
        6000,
        0,
        lambda n: [_installed("huey_consumer"), _module("huey.app"), "-k", "process", f"-w{n}"],
    ),
    Peer(
        "taskiq",
        5000,
        0,
        lambda n: [_installed("taskiq"), "worker", _module("taskiq:broker"), f"-w{n}"],
    ),
    Peer("dramatiq", 5000, 0, lambda n: [_installed("dramatiq"), _module("dramatiq"), f"-p{n}"]),
    Peer("rq", 300, 10_000, _rq),
    Peer("saq", 2000, 0, lambda n: [_installed("saq"), _module("saq.settings"), f"--workers={n}"]),
    Peer(
        "celery",
        1000,
        0,
        lambda n: [_installed("celery"), "-A", _module("celery"), "worker", f"-c{n}"],
    ),
    Peer(
        "streaq",
        2000,
        10_000,
        lambda n: [_installed("streaq"), "run", _module("streaq:worker"), f"-w{n}"],
    ),
)

LIGHTJOBS_ON_SQL = LIGHTJOBS._replace(jobs=60_000)
POSTGRES_PEERS = (
    Peer("pgqueuer", 20_000, 50_000, _pgqueuer),
    Peer("procrastinate", 1000, 20_000, _procrastinate),
)
BARE = Peer("bare", 60_000, 100_000, _bare, sys.executable)
_PHP = ("php", str(ROOT / "benchmarks/peers/lightpack.php"))
LIGHTPACK = Peer("lightpack", 1000, 0, lambda n: [*_PHP, "work"], program=_PHP)


def install() -> None:
    """Make the virtual environment with the peers in it, unless it is there. lightjobs is compiled
    anew: pip has compiled the peers when it installed them."""
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "lightjobs", "benchmarks"], cwd=ROOT, check=True
    )
    if all((VENV / "bin" / name).exists() for name in ("huey_consumer", "streaq", "pgq")):
        return
    print(f"installing {' '.join(REQUIREMENTS)} in {VENV.name}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    pip = [str(VENV / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*pip, *REQUIREMENTS, *HELPERS]).returncode:
        # One of them cannot be had: the others one by one. It will fail when its turn comes.
        for name in (*HELPERS, *REQUIREMENTS):
            subprocess.run([*pip, name])


def versions() -> dict[str, str]:
    """The version of each peer, as installed."""
    names = [name.partition("[")[0] for name in REQUIREMENTS]
    python = str(VENV / "bin/python")
    done = subprocess.run([python, "-c", _VERSIONS, *names], capture_output=True, text=True)
    return dict(line.split() for line in done.stdout.splitlines())


_VERSIONS = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        print(name, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        print(name, "missing")
"""

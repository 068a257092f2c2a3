"""Many dispatches at once from one asyncio program, on Redis.

    python -m benchmarks.gather [--quick] [--rounds N] [--json FILE]

2,000 dispatches are awaited together, by asyncio.gather or Promise.all. While they wait, a ticker
sleeps 10 ms at a time: its largest gap is how long the program's event loop stood still. The first
dispatch of a process, which imports and connects, is made before, under a ticker of its own.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from .figures import Failed, Found, Part, attempt
from .options import arguments
from .peers.catalogue import ARQ, BULLMQ, LIGHTJOBS, PEERS, ROOT, Peer
from .peers.install import install, versions
from .peers.measure import Bench
from .results import Results
from .stores import STORES

PARTS = ("redis",)
JOBS = 2000
PATIENCE = 60.0
WANTED_GAP_MS = 50
ASYNCIO = (LIGHTJOBS, *(peer for peer in PEERS if peer.name in ("taskiq", "saq", "streaq")), ARQ)


def main() -> None:
    options = arguments("gather", __doc__, PARTS)
    install()
    found = {name: Found() for name in ("rate", "gap", "first")}
    with STORES["redis"]() as store, tempfile.TemporaryDirectory() as folder:
        results = Results(options, {"redis": store.version, **versions()})
        bench = Bench(folder, store.environment)
        bench.use()
        for _ in range(options.rounds):
            for peer in (*ASYNCIO, BULLMQ):
                store.empty()
                figures = attempt(peer.name, lambda: _gathered(peer, folder), found["rate"].errors)  # noqa: B023
                for each, figure in zip(found.values(), figures or (), strict=False):
                    each.figures.setdefault(peer.name, []).append(figure)
    for each in found.values():
        each.errors = found["rate"].errors
        each.figures = {peer.name: each.figures.get(peer.name, []) for peer in (*ASYNCIO, BULLMQ)}
    title = f"Redis: {JOBS:,} dispatches at once"
    apart = {"bullmq": None}
    add = results.add
    add(Part("redis-gather", title, "jobs/s", [found["rate"]], wanted=1, apart=apart))
    gap = f"{title}, largest gap of a 10 ms ticker"
    add(
        Part(
            "redis-gather-gap",
            gap,
            "ms",
            [found["gap"]],
            less=True,
            apart=apart,
            target=WANTED_GAP_MS,
        )
    )
    first = "Redis: first dispatch of a process, largest gap of a 10 ms ticker"
    add(Part("redis-gather-first", first, "ms", [found["first"]], less=True, apart=apart))


def _gathered(peer: Peer, folder: str) -> tuple[float, ...]:
    """Jobs a second, and both gaps in ms."""
    command = [*peer.producer, "gather", str(JOBS)]
    with open(f"{folder}/gather.log", "w") as log:
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, timeout=PATIENCE
        )
    if done.returncode:
        raise Failed(Path(log.name).read_text(errors="replace")[-2000:].strip())
    seconds, gap, first = map(float, done.stdout.split()[-3:])
    return JOBS / seconds, gap * 1000, first * 1000


if __name__ == "__main__":
    main()

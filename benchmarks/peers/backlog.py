"""Stores jobs that wait and as many that are delayed.

python -m benchmarks.peers.backlog QUEUE JOBS
"""

from __future__ import annotations

import sys

from .lightjobs import Noop

PART = 50_000


def main(queue: str, jobs: int) -> None:
    """Store `jobs` of both kinds in `queue`."""
    for start in range(0, jobs, PART):
        payloads = [{"n": 1}] * min(PART, jobs - start)
        Noop().setQueue(queue).dispatchMany(payloads)
        Noop().setQueue(queue).setDelay("+1 day").dispatchMany(payloads)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

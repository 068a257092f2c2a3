"""What the processes of the torture note: lines in files that are only ever appended to.

A line is written by one call, so what a process has noted outlives it, whatever kills it. Times are
monotonic, which all processes of a machine share.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

LEDGER = "ledger"
"""The file of the producer."""
RUNS = "runs"
"""The file of the jobs."""


class Note(NamedTuple):
    """One line."""

    event: str
    """Of the ledger: asked, stored, refused, doubt. Of the runs: start, raised, end, accepted."""
    number: int
    """The job's."""
    at: float
    pid: int = 0
    attempt: int = 0
    fence: int = 0
    """The last three are 0 in the ledger."""


class Notes:
    """One of the files, to write to."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def add(self, event: str, numbers: list[int], attempt: int = 0, fence: int = 0) -> None:
        """Note `event` of jobs with these numbers, now."""
        at, pid = time.monotonic(), os.getpid()
        lines = [f"{event} {number} {at:.4f} {pid} {attempt} {fence}\n" for number in numbers]
        os.write(self._descriptor, "".join(lines).encode())

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read(path: Path) -> Iterator[Note]:
    """The lines of one of the files, in order; none if there is no such file."""
    if not path.exists():
        return
    with path.open(encoding="ascii") as file:
        for line in file:
            event, number, at, pid, attempt, fence = line.split()
            yield Note(event, int(number), float(at), int(pid), int(attempt), int(fence))

"""The job that the benchmarks run."""

from __future__ import annotations

import os
import time

from lightjobs import Job


class Noop(Job):
    queue = "bench"

    def handle(self) -> None:
        pass


class Stamp(Job):
    """Appends when it started, by the wall clock, to the file in its payload."""

    queue = "bench"

    def handle(self) -> None:
        started = time.time()
        with open(self.payload["file"], "a") as file:
            file.write(f"{os.getpid()} {self.payload['at']} {started}\n")

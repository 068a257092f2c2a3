"""The workers of the torture: real `job:work` commands, started again as a process manager does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ..errors import LightjobsError
from . import interrupts
from .orders import QUEUE, Orders

OPTIONS: Sequence[Sequence[str]] = (
    ("--workers=2", "--concurrency=1"),
    ("--workers=1", "--concurrency=4"),
)
"""The options of each worker: several children, and several jobs at a time in one."""

AGAIN_SECONDS = 0.3
"""How soon a worker that has ended is started again."""

MOST_ERRORS = 5
"""A worker that has ended with an error so often will not work at all."""

_NO_ERRORS = (0, -signal.SIGTERM, 3, -signal.SIGKILL)
"""How a worker may end under torture: when it was asked to, perhaps before it was ready for that;
because its store is away; killed."""


class Worker:
    """One `job:work`, leader of a process group of its own."""

    def __init__(self, orders: Orders, number: int, seconds: float) -> None:
        """It stops by itself after so many `seconds`, should nobody be left to stop it."""
        self._orders, self._seconds = orders, seconds
        self._options = OPTIONS[number % len(OPTIONS)]
        self._log = Path(orders.folder) / f"worker-{number}.log"
        self._errors = 0
        self._next_clock = 0.0
        self._start_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self.awake_at: float | None = None
        """When it goes on, a monotonic time; None while it is not stopped."""

    @property
    def is_awake(self) -> bool:
        """Whether it runs and is not stopped."""
        return self.awake_at is None and self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it."""
        orders = self._orders._replace(clock=self._next_clock)
        self._next_clock = 0.0
        with self._log.open("ab") as log, interrupts.held():
            self._process = launch(self._command(), orders, log)

    def _command(self) -> list[str]:
        options = (*self._options, f"--queue={QUEUE}", "--sleep=0.5", "--grace=5")
        limit = f"--cooldown={self._seconds:.0f}"
        return ["-m", "lightjobs", "job:work", *options, limit, "--quiet"]

    def look_after(self) -> None:
        """Start it again if it has ended, and let it go on if it has been stopped for long enough.
        Raises LightjobsError if it does not work."""
        now = time.monotonic()
        if self.awake_at is not None and now >= self.awake_at:
            self.thaw()
        if self._process is not None and self._process.poll() is not None:
            status, self._process = self._process.returncode, None
            self._start_at = now + AGAIN_SECONDS
            self._errors += status not in _NO_ERRORS
            if self._errors >= MOST_ERRORS:
                raise LightjobsError(f"a worker ends with status {status}: {self.last_words()}")
        if self._process is None and now >= self._start_at:
            self.start()

    def children(self) -> list[int]:
        """The process ids of its children, in order; [] while it does not run."""
        return children_of(self._process.pid) if self._process is not None else []

    def freeze(self, seconds: float) -> None:
        """Stop the supervisor and all its children for so long."""
        self.awake_at = time.monotonic() + seconds
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let them go on."""
        self.awake_at = None
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the supervisor with all its children, also if they are stopped."""
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self.awake_at = None

    def replace(self, clock: float) -> None:
        """Have it finish what it runs; the next one has a clock that is wrong by `clock`."""
        self._next_clock = clock
        self.ask_to_stop()

    def ask_to_stop(self) -> None:
        """Have it finish what it runs, and end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def join(self, seconds: float) -> None:
        """Wait until it has ended, and kill it if that takes longer."""
        if self._process is not None:
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()

    def last_words(self) -> str:
        """The last line that it has written."""
        return last_line(self._log)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def launch(
    arguments: Sequence[str], orders: Orders, output: IO[bytes], stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Start Python with these arguments as the leader of a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=orders.folder,
        env=orders.environment(),
        stdin=stdin,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def last_line(log: Path) -> str:
    """The last line of a log that is not empty."""
    lines = log.read_text(errors="backslashreplace").split("\n")
    return next((line for line in reversed(lines) if line.strip()), "it says nothing")


def children_of(pid: int) -> list[int]:
    """The process ids of the children of a process, in order. [] if it has none or is gone."""
    if sys.platform == "linux":
        found = []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                with contextlib.suppress(OSError):
                    state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                    if int(parent) == pid and state not in "ZX":
                        found.append(int(folder.name))
        return sorted(found)
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return sorted(map(int, listed.stdout.split()))

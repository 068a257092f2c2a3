"""`job:work` as a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from .processes import parents
from .waiting import wait_until

COMMAND = [sys.executable, "-m", "lightjobs"]


class Worker:
    """A running `job:work`, leader of a process group of its own. Its output goes to files in
    `root`, the project's folder."""

    def __init__(
        self,
        root: Path,
        number: int,
        options: Sequence[str],
        environment: dict[str, str],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self._out = root / f"worker-{number}.out"
        self._err = root / f"worker-{number}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*command, "job:work", *options],
                cwd=root,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self.pid = self.process.pid

    @property
    def out(self) -> str:
        return self._out.read_text(errors="backslashreplace")

    @property
    def err(self) -> str:
        return self._err.read_text(errors="backslashreplace")

    def ready(self) -> Worker:
        """Wait until all children have said that they are ready."""
        wait_until(lambda: "[READY]" in self.out or not self.running(), what="ready")
        assert self.running(), self.err
        return self

    def running(self) -> bool:
        return self.process.poll() is None

    def children(self) -> list[int]:
        return sorted(pid for pid, parent in parents().items() if parent == self.pid)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def signal_all(self, number: int) -> None:
        """Supervisor and children, and whatever these have started."""
        os.killpg(self.pid, number)

    def wait(self, seconds: float = 30.0) -> int:
        """The exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"job:work is still running after {seconds} s\n{self.err[-2000:]}")

    def stop(self, seconds: float = 30.0) -> int:
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def close(self) -> None:
        """Whatever the test did, nothing of this worker survives."""
        for number in (signal.SIGKILL, signal.SIGCONT):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                self.signal_all(number)
        self.process.wait(10)

"""A process that beats for workers without a supervisor.

A handler in an extension may hold the interpreter's lock for longer than a lease. No thread of its
process can beat then, and the job would be given to others although its worker lives.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from .. import env
from ..engines import answer_limit, connect
from ..errors import LightjobsError
from ..settings.settings import Settings
from .store_limits import beat_seconds

LOOK_SECONDS = 0.5
"""How often the process looks whether its parent is still there."""

STOP_SECONDS = 0.2
"""How long `stop` waits for the process to end by itself."""


class BeatProcess:
    """The process, as its parent sees it. It ends with its parent."""

    def __init__(self, settings: Settings, lease: float) -> None:
        # Without what is the project's own: the process imports nothing of it but an engine.
        self._order = pickle.dumps((settings._replace(middleware=()), lease, os.getpid()))
        self._names: Sequence[str] = ()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False
        self._lock = threading.Lock()

    def beat_for(self, names: Sequence[str]) -> None:
        """Beat for the workers `names`, and no longer for others. Starts the process if it does not
        run."""
        with self._lock:
            if self._is_over:
                return
            if self._process is None or self._process.poll() is not None:
                self._process = _started()
                self._names = ()
                if self._process is not None:
                    self._send(self._order.hex())
            if self._process is not None and names != self._names:
                self._send(json.dumps(names))
                self._names = names

    def _send(self, line: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended; the next call starts another
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            self._is_over = True
            process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:  # it waits for the store
            process.kill()
            process.wait()


def _started() -> subprocess.Popen[bytes] | None:
    """The process; None where the interpreter is part of another program, which cannot be started
    as one."""
    if not Path(sys.executable or "").name.startswith(("python", "pypy")):
        return None
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with contextlib.suppress(OSError):  # no process can be started: the threads beat alone
        return subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**env.for_children(), "PYTHONPATH": path},
            start_new_session=True,  # Ctrl-C is for the parent
        )
    return None


def main(orders: IO[bytes]) -> None:
    """Beat for the workers that the lines of `orders` name, until it ends."""
    settings, lease, parent = pickle.loads(bytes.fromhex(orders.readline().decode()))
    engine = connect(settings)
    answer_limit.set_for_thread(beat_seconds(lease))
    names: list[str] = []
    beat_at = 0.0
    while os.getppid() == parent:  # a fork of the parent may keep the pipe open
        if select.select([orders], [], [], LOOK_SECONDS)[0]:
            line = orders.readline()
            if not line:
                return
            names = json.loads(line)
            beat_at = 0.0
        if names and time.monotonic() >= beat_at:
            beat_at = time.monotonic() + lease / 3
            try:
                engine.beat(names, lease)
            except LightjobsError:
                beat_at = time.monotonic() + min(LOOK_SECONDS, lease / 3)


if __name__ == "__main__":
    main(os.fdopen(0, "rb", buffering=0))

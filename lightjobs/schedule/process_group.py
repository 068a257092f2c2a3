"""A program in a process group of its own, which does not outlive a run that fails or is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from typing import IO

TERM_SECONDS = 2.0
"""How long the program may take to end after TERM."""

_GUARD = 'read -r group || exit; read -r ended || kill -s KILL -- "-$group"'
"""Reads the number of the process group, then waits for a second line. If the pipe is closed
without one, the worker has died."""


def run(command: Sequence[str]) -> int:
    """Run `command` and wait for it. Returns its exit status, negative for a signal.

    It has a session of its own, so that Ctrl-C at the worker's terminal does not end it: it has the
    worker's --grace. If it does not end with status 0, its whole process group is ended.
    """
    with _guard() as to_guard:
        # The guard is told by the new process before that becomes the program: this process may be
        # killed at any moment from then on.
        program = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=2,
            start_new_session=True,
            preexec_fn=lambda: _tell(to_guard, f"{os.getpid()}\n"),
        )
        status = None
        try:
            status = program.wait()
            return status
        finally:
            if status != 0:
                _end_group(program)
            _tell(to_guard, "ended\n")


def _end_group(program: subprocess.Popen[bytes]) -> None:
    if program.poll() is None:
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(program.pid, signal.SIGTERM)
            program.wait(TERM_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)
    program.wait()


@contextlib.contextmanager
def _guard() -> Iterator[IO[bytes] | None]:
    """A process that kills the group when this process has died. Yields the pipe to it."""
    try:
        guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError:  # a container without a shell: the program runs unguarded
        yield None
        return
    assert guard.stdin is not None
    try:
        yield guard.stdin
    finally:
        with contextlib.suppress(BrokenPipeError):
            guard.stdin.close()
        guard.wait()


def _tell(guard: IO[bytes] | None, line: str) -> None:
    if guard is not None:
        with contextlib.suppress(BrokenPipeError):  # something has ended the guard
            os.write(guard.fileno(), line.encode())

"""`job:work --reload`: a worker that is started again whenever a file of the project changes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from .. import env
from ..extras import require
from ..text import escaped

LOOK_MILLISECONDS = 200
"""How often to look whether the worker has ended or a stop was asked for."""

_BY_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
"""What a terminal sends to all processes in its foreground."""


def work(arguments: list[str]) -> int:
    """Run `lightjobs` with `arguments`, and again after each change, until a signal ends it or it
    has ended its work. Returns its exit status. Raises MissingExtra."""
    require("reload", "watchfiles")
    worker = _Worker([word for word in arguments if word != "--reload"])
    for number in (signal.SIGTERM, *_BY_TERMINAL):
        signal.signal(number, worker.pass_on)
    for changed in _changes():
        if changed and worker.is_started and not worker.is_stopping:
            click.echo(f"lightjobs: {escaped(', '.join(changed))} changed; restarting", err=True)
            worker.stop()
        if worker.is_stopping:
            break
        if changed or not worker.is_started:
            worker.start()
        # One that failed, perhaps because of what was just typed, waits for the next change.
        elif worker.status == 0:
            break
    return worker.stop()


def _changes() -> Iterator[list[str]]:
    """The files that have changed in the project's folders; an empty list every now and then. At
    the first one the folders are watched."""
    import watchfiles

    here = Path.cwd()
    found = watchfiles.watch(
        *_folders(here),
        watch_filter=watchfiles.PythonFilter(extra_extensions=(".env",)),
        rust_timeout=LOOK_MILLISECONDS,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for changes in found:
        yield sorted({os.path.relpath(path, here) for _change, path in changes})


def _folders(here: Path) -> list[Path]:
    """The folders to watch: this one, and those of PYTHONPATH, among them that of `manage.py`,
    without those of installed packages and those within others."""
    named = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    found = [here, *(path for name in named if (path := Path(name).resolve()).is_dir())]
    own = [path for path in found if path == here or not path.is_relative_to(sys.prefix)]
    return [
        path for path in dict.fromkeys(own) if not any(path != o and o in path.parents for o in own)
    ]


class _Worker:
    """The process that works."""

    def __init__(self, arguments: list[str]) -> None:
        self._command = [sys.executable, "-m", "lightjobs", *arguments]
        self._process: subprocess.Popen[bytes] | None = None
        self.is_stopping = False
        """Whether a signal has asked for the end."""

    @property
    def is_started(self) -> bool:
        return self._process is not None

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, env={**env.for_children(), "JOB_RELOAD": "0"}
        )

    def stop(self) -> int:
        """Ask it to stop, if nobody has, and wait for its end. Returns its exit status."""
        if self._process is None:
            return 0
        if not self.is_stopping:
            self._process.terminate()
        status = self._process.wait()
        # The signal may come before the worker handles it; then there was nothing to end.
        return 0 if self.is_stopping and status == -signal.SIGTERM else status

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        """Take note of a signal, and send it to the worker unless it has got it as well. A second
        one would end running jobs at once."""
        self.is_stopping = True
        if self._process is not None and not (number in _BY_TERMINAL and _is_in_foreground()):
            self._process.send_signal(number)


def _is_in_foreground() -> bool:
    """Whether this process belongs to those to which a terminal sends its signals."""
    with contextlib.suppress(OSError):
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False

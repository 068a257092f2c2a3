"""Setup for every command: the project's folder on the path and `.env` in the environment."""

from __future__ import annotations

import os
import sys

from .. import env
from ..process import prelude


def open_missing_streams() -> None:
    """Open /dev/null as standard input, output and error where they are closed (`>&-`). The next
    file to be opened would take their numbers, and be written to as standard output."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number
        if getattr(sys, name) is None:
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


def prepare() -> None:
    """Make the current directory importable, and export the values in `.env` so that options,
    handlers and child processes see them. Variables that are already set take precedence. Then do
    what a parent process has announced."""
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    env.export()
    prelude.play()


def discard_output() -> None:
    """Send standard output to /dev/null, so that Python does not fail to flush it at the end."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)

"""A program as a job: what `schedule.command([...])` dispatches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import JobDefinitionError
from ..job_class import Job


class RunCommand(Job):
    """Runs the program in `payload["command"]`, a list of its name and arguments, without a shell.

    Only a command that the worker's own config/schedule.py lists is run: write access to the queue
    must not be enough to run any program. Its standard input is empty, and its output goes to the
    worker's standard error. An exit status other than 0 fails the run.

    If the run does not succeed, or the worker is killed, the program's process group is ended: the
    job may be run again at once.
    """

    handler = "lightjobs.RunCommand"

    def handle(self) -> None:
        """Run the program and wait for it to end."""
        from .process_group import run  # slow to import, and most workers never run a command

        command = self.payload.get("command")
        if not _is_scheduled(command):
            self.failPermanently("this command is not in the worker's config/schedule.py")
        status = run(command)
        if status:
            raise RuntimeError(f"{command[0]!r} ended with exit status {status}")


def checked(command: Sequence[str]) -> list[str]:
    """Return `command` as a list. Raises JobDefinitionError if it cannot be run."""
    fits = isinstance(command, (list, tuple)) and len(command) > 0
    if not fits or not all(isinstance(part, str) and "\x00" not in part for part in command):
        raise JobDefinitionError(
            f"command({command!r}) is not a command; allowed: a list of a program and its "
            'arguments, such as ["rsync", "-a", "from/", "to/"]'
        )
    if not command[0]:
        raise JobDefinitionError(
            "command() names no program, its first item is empty; allowed: a list that starts with "
            "the program"
        )
    return list(command)


def title(command: Sequence[str]) -> str:
    """The name of the program, for the entry's default name."""
    return Path(command[0]).name or command[0]


_read_schedule: Callable[[], list[list[str]]] = list
"""Reads the commands of config/schedule.py; set by `loading`. Until then no command is allowed."""

_allowed: list[list[str]] = []
"""The commands that were in the file when it was last read."""


def allow(read_schedule: Callable[[], list[list[str]]]) -> None:
    """Run only the commands that `read_schedule` returns. It is called again for each command that
    it has not returned before."""
    global _read_schedule
    _read_schedule = read_schedule


def _is_scheduled(command: object) -> bool:
    if command not in _allowed:
        # An entry may have been added to the file since this process read it.
        _allowed[:] = _read_schedule()
    return command in _allowed

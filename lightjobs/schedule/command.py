"""A program as a job: what `schedule.command([...])` dispatches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import JobDefinitionError
from ..job_class import Job


class RunCommand(Job):
    """Runs the program `payload["command"]`, a list of its name and arguments; no shell reads it.

    Only a command that the worker's own config/schedule.py names is run: who can write to the
    queue must not thereby run any program. Input is empty, output goes where the worker's errors
    go; an exit status other than 0 fails the run.
    """

    handler = "lightjobs.RunCommand"

    def handle(self) -> None:
        """Run it to its end."""
        import subprocess  # much to import, for workers that never run a command

        command = self.payload.get("command")
        if not _is_scheduled(command):
            self.failPermanently("this command is not in the worker's config/schedule.py")
        # A session of its own: Ctrl-C at the worker's terminal leaves it the worker's grace.
        ended = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=2, start_new_session=True, check=False
        )
        if ended.returncode:
            raise RuntimeError(f"{command[0]!r} ended with exit status {ended.returncode}")


def checked(command: Sequence[str]) -> list[str]:
    """`command` if it can be run. Raises JobDefinitionError."""
    fits = isinstance(command, (list, tuple)) and len(command) > 0
    if not fits or not all(isinstance(part, str) and "\x00" not in part for part in command):
        raise JobDefinitionError(
            f"command({command!r}) is no command; allowed: a list of a program and its arguments, "
            'such as ["rsync", "-a", "from/", "to/"]'
        )
    if not command[0]:
        raise JobDefinitionError("command() names no program: its first text is empty")
    return list(command)


def title(command: Sequence[str]) -> str:
    """What an entry's default name calls it."""
    return Path(command[0]).name or command[0]


_allowed: list[object] = []


def _is_scheduled(command: object) -> bool:
    if command not in _allowed:
        # The file may have a new entry since this process read it.
        from .loading import load

        _allowed[:] = [
            entry.job.getPayload()["command"]
            for entry in load()
            if isinstance(entry.job, RunCommand)
        ]
    return command in _allowed

"""`manage.py lightjobs job:work …`: every command of lightjobs, with Django set up."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from lightjobs import cli
from lightjobs.process import prelude

_DJANGOS = ("--settings", "--pythonpath")
"""What manage.py itself has read by the time a command is called."""


class Command(BaseCommand):
    """Hands its arguments on as they are, and exits with the status of the command line."""

    help = "Runs a command of lightjobs, such as job:work or job:list; --help lists them."
    requires_system_checks: Sequence[str] = []  # a worker says itself what is missing

    def run_from_argv(self, argv: list[str]) -> None:
        own, djangos = _parted(argv[2:])
        _prepare(djangos)
        sys.argv[1:] = own  # which job:work --reload starts again
        sys.exit(cli.run(own))

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arguments", nargs=argparse.REMAINDER)

    def handle(self, *args: Any, arguments: Sequence[str] = (), **options: Any) -> None:
        """For `call_command`. Raises CommandError where the exit status would not be 0."""
        _prepare([])
        status = cli.run([*args, *arguments])
        if status:
            raise CommandError(f"exit status {status}", returncode=status)


def _parted(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments for lightjobs, and the folders that `--pythonpath` names."""
    own: list[str] = []
    folders: list[str] = []
    left = iter(arguments)
    for argument in left:
        name, equals, value = argument.partition("=")
        if name not in _DJANGOS:
            own.append(argument)
            continue
        value = value if equals else next(left, "")
        if name == "--pythonpath":
            folders.append(value)
    return own, folders


def _prepare(folders: Sequence[str]) -> None:
    """Have the processes of a worker set Django up, too, and find the project as this one does. A
    forked child must not share this process's connections."""
    prelude.announce("lightjobs.contrib.django.prelude")
    paths = [path for path in (*folders, sys.path[0]) if path and path != os.getcwd()]
    before = filter(None, [os.environ.get("PYTHONPATH")])
    os.environ["PYTHONPATH"] = os.pathsep.join([*map(os.path.abspath, paths), *before])
    connections.close_all()

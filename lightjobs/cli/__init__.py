"""The `lightjobs` command. A file defines each group of commands and is imported on demand."""

from __future__ import annotations

import errno
import importlib
import re
import sys
from typing import Any

import click

from ..errors import LightjobsError
from ..text import escaped_lines
from . import environment
from .suggestions import CommandsWithSuggestions, no_such_option

_COMMANDS = {
    "job:work": "work",
    "job:dispatch": "jobs",
    "job:retry": "jobs",
    "job:list": "listing",
    "job:failed": "listing",
    "job:show": "listing",
    "job:stats": "stats",
    "job:forget": "jobs",
    "job:flush": "jobs",
    "job:recover": "jobs",
    "job:verify": "verify",
    "job:unlock": "unlock",
    "job:move": "move",
    "job:cancel": "control",
    "job:pause": "control",
    "job:resume": "control",
    "job:cleanup": "control",
    "batch:list": "batches",
    "batch:show": "batches",
    "batch:cancel": "batches",
    "batch:retry": "batches",
    "schedule:work": "schedule",
    "schedule:events": "schedule",
    "schedule:list": "schedule",
    "schedule:test": "schedule",
    "schedule:pause": "schedule",
    "schedule:resume": "schedule",
    "worker:list": "workers",
    "top": "top",
    "metrics": "metrics",
    "health": "health",
    "migrate:up": "migrate",
    "migrate:down": "migrate",
    "migrate:status": "migrate",
    "web": "web",
    "init": "project",
    "create:job": "project",
    "check": "check",
    "torture": "torture",
    "deploy:print": "deploy",
    "completion": "completion",
}
"""Each command and the module that defines it."""


LIGHTPACK_NAMES = {"jobs:run": "job:work", "jobs:retry": "job:retry"}
"""The two commands that Lightpack's users type, and ours for each."""


_REFUSALS = {
    *(errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM),
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES),
}
"""What the system refuses for want of resources or permissions: no fault that needs a traceback."""


EXIT_CODES = (
    "Exit status: 0 success; 1 error; 2 wrong usage or configuration; 3 store unreachable; "
    "4 tables missing or old; 5 lightjobs was replaced by another version."
)
"""What every --help ends with."""


class _Commands(CommandsWithSuggestions):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # the reader has gone, as in `job:failed | head`
            environment.discard_output()
            return 0

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def known(self) -> list[str]:
        return [*_COMMANDS, *LIGHTPACK_NAMES]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        cmd_name = LIGHTPACK_NAMES.get(cmd_name, cmd_name)
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{_COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name.replace(":", "_"))
        assert isinstance(command, click.Command)
        command.epilog = EXIT_CODES
        for option in command.params:
            if isinstance(option, click.Option) and option.envvar is None:
                # job:retry --queue has the variable JOB_RETRY_QUEUE. Those of job:work are shorter
                # and set there.
                name = option.opts[0].removeprefix("--")
                option.envvar = re.sub("[:-]", "_", f"{cmd_name}_{name}").upper()
                option.show_envvar = True
        return command


@click.group(cls=_Commands, epilog=EXIT_CODES, context_settings={"help_option_names": ["--help"]})
@click.version_option(package_name="lightjobs", message="lightjobs %(version)s")
def cli() -> None:
    """Dispatch jobs and run workers. The project is the current directory, with .env, config/ and
    app_jobs/.

    Lightpack's names jobs:run and jobs:retry stand for job:work and job:retry."""
    environment.prepare()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and end the process with its exit status: 0 success, 1 error, 2 wrong
    usage or configuration, 3 store unreachable, 4 schema missing or old, 5 another version."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status. An error is printed to stderr without a
    traceback."""
    environment.open_missing_streams()
    try:
        result: Any = cli.main(arguments, prog_name="lightjobs", standalone_mode=False)
    except click.NoSuchOption as error:
        no_such_option(error).show()
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except LightjobsError as error:
        click.echo(f"lightjobs: {escaped_lines(str(error))}", err=True)
        return error.exit_code
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        click.echo(f"lightjobs: {escaped_lines(str(error))}", err=True)
        return 1
    return result if isinstance(result, int) else 0

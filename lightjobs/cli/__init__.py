"""The `lightjobs` command: one file a group of commands, imported only when it is called."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

import click

from ..errors import LightjobsError
from ..text import escaped_lines
from . import environment

_COMMANDS = {
    "job:work": "work",
    "job:dispatch": "jobs",
    "job:retry": "jobs",
    "job:failed": "jobs",
    "job:show": "jobs",
    "job:stats": "jobs",
    "job:forget": "jobs",
    "job:flush": "jobs",
    "job:recover": "jobs",
    "job:cancel": "control",
    "job:pause": "control",
    "job:resume": "control",
    "job:cleanup": "control",
    "schedule:work": "schedule",
    "schedule:events": "schedule",
    "schedule:list": "schedule",
    "schedule:test": "schedule",
    "schedule:pause": "schedule",
    "schedule:resume": "schedule",
    "migrate:up": "migrate",
    "migrate:down": "migrate",
    "migrate:status": "migrate",
    "init": "project",
    "create:job": "project",
    "check": "check",
}
"""Each command and the module that defines it."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{_COMMANDS[cmd_name]}")
        command = getattr(module, cmd_name.replace(":", "_"))
        assert isinstance(command, click.Command)
        for option in command.params:
            if isinstance(option, click.Option) and option.envvar is None:
                # job:retry --queue is JOB_RETRY_QUEUE; job:work's own twins are shorter.
                name = option.opts[0].removeprefix("--")
                option.envvar = re.sub("[:-]", "_", f"{cmd_name}_{name}").upper()
                option.show_envvar = True
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["--help"]})
@click.version_option(package_name="lightjobs", message="lightjobs %(version)s")
def cli() -> None:
    """Queue jobs and work them. The project is the current directory: .env, config/, app_jobs/."""
    environment.prepare()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Ends the process: 0 ok, 1 error, 2 usage or configuration, 3 store
    unreachable, 4 schema missing or old."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status; what went wrong is one line on stderr."""
    try:
        result: Any = cli.main(arguments, prog_name="lightjobs", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except LightjobsError as error:
        click.echo(f"lightjobs: {escaped_lines(str(error))}", err=True)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return result if isinstance(result, int) else 0

"""`flask lightjobs job:work …`: every command of lightjobs, with the application loaded."""

from __future__ import annotations

import os
import sys

import click
from flask.cli import ScriptInfo

from ... import cli
from ...process import prelude

APP = "LIGHTJOBS_FLASK_APP"
"""The variable that tells a worker's processes which application `flask --app` has named."""


@click.command(
    "lightjobs",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
    short_help="Run a command of lightjobs, such as job:work or job:list.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def flask_command(context: click.Context, arguments: tuple[str, ...]) -> None:
    """Hands its arguments on as they are, and exits with the status of the command line."""
    info = context.find_object(ScriptInfo)
    if info is not None and info.app_import_path:
        os.environ[APP] = info.app_import_path
    prelude.announce("lightjobs.contrib.flask.prelude")
    sys.argv[1:] = arguments  # which job:work --reload starts again
    context.exit(cli.run(list(arguments)))

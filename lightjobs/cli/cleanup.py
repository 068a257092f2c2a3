"""job:cleanup"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from ..engines.cleanup_plan import ALLOWED, GROUPS, step
from ..text import escaped
from .filters import handler_option, queue_option, where
from .kept import keeping_engine
from .output import json_option, print_json


def _group_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for group in reversed(GROUPS):
        command = click.option(
            f"--{group}", default="nothing", metavar="ACTION", help=f"What to do to {group} jobs."
        )(command)
    return command


@click.command("job:cleanup")
@_group_options
@queue_option
@handler_option
@click.option("--dry-run", is_flag=True, help="Only count.")
@json_option
def job_cleanup(
    queue: str | None, handler: str | None, dry_run: bool, as_json: bool, **actions: str
) -> None:
    """Rerun or remove jobs by what became of them. Each ACTION is nothing, rerun, remove, or
    "remove older than AGE". Safe while workers run. To remove processing jobs is to cancel them;
    then they go, or stay as RETAIN_CANCELLED says."""
    if set(actions.values()) == {"nothing"}:
        raise click.UsageError(f"say what to do, such as --failed=remove; allowed: {ALLOWED}")
    for group, action in actions.items():
        try:
            step(group, action)
        except ValueError as error:
            raise click.BadParameter(escaped(str(error)), param_hint=f"--{group}") from None
    engine = keeping_engine()
    which = where(None, queue, handler)
    given: dict[str, Any] = {**actions, "queue": which.queue, "handler": which.handler}
    counted = engine.cleanup(**given, dry_run=True)
    touched = counted
    if not dry_run:
        total = sum(counted.values())
        shown = not as_json and sys.stderr.isatty() and total > 0
        if shown:
            with click.progressbar(length=total, label="cleaning up", file=sys.stderr) as bar:
                touched = engine.cleanup(**given, progress=bar.update)
        else:
            touched = engine.cleanup(**given)
    if as_json:
        print_json({"dry_run": dry_run, "counts": touched})
        return
    for group, count in touched.items():
        action = actions[group]
        if group == "processing":
            action = action.replace("remove", "cancel")
        click.echo(f"{group:>10}: {count:,} {'to ' if dry_run else ''}{action}")

"""The commands that cancel, pause, resume and clean up jobs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from ..engines.cleanup_plan import ALLOWED, GROUPS, step
from ..engines.where import EVERYWHERE
from ..text import escaped
from .each import act_on_each, ids_argument
from .filters import checked_queue, described, handler_option, older_option, queue_option, where
from .output import json_option, print_json
from .persistent import persistent_engine

whole_queue_option = click.option(
    "--queue", help="A whole queue, instead of IDs.", metavar="NAME", callback=checked_queue
)


@click.command("job:cancel")
@ids_argument
@queue_option
@handler_option
@older_option
@json_option
def job_cancel(
    ids: tuple[str, ...],
    queue: str | None,
    handler: str | None,
    older_than: str | None,
    as_json: bool,
) -> int:
    """Cancel jobs that have not ended. Choose them by ID or by options. Waiting jobs never run.
    Running jobs are told that they are cancelled, and their outcome is refused."""
    engine = persistent_engine()
    which = where(None, queue, handler, older_than)
    if bool(ids) == (which != EVERYWHERE):
        raise click.UsageError("choose the jobs: IDs, or --queue, --handler, --older-than")
    if ids:
        return act_on_each(ids, engine.cancel, "cancelled", "cannot be cancelled", as_json)
    count = engine.cancel_many(which)
    if as_json:
        print_json({"count": count})
    else:
        click.echo(f"{count:,} job{'' if count == 1 else 's'}{described(which)} cancelled")
    return 0


@click.command("job:pause")
@ids_argument
@whole_queue_option
@json_option
def job_pause(ids: tuple[str, ...], queue: str | None, as_json: bool) -> int:
    """Pause waiting jobs or a whole queue. A paused queue also holds back jobs that are dispatched
    to it later. Lightpack's PHP workers ignore that a queue is paused and go on with its jobs."""
    _require_one(ids, queue)
    engine = persistent_engine()
    if queue is None:
        return act_on_each(ids, engine.pause, "paused", "is not waiting", as_json)
    return _report_queue(queue, "paused", engine.pause_queue(queue), as_json)


@click.command("job:resume")
@ids_argument
@whole_queue_option
@json_option
def job_resume(ids: tuple[str, ...], queue: str | None, as_json: bool) -> int:
    """Resume paused jobs or a paused queue. The jobs keep the time and priority they had."""
    _require_one(ids, queue)
    engine = persistent_engine()
    if queue is None:
        return act_on_each(ids, engine.resume, "resumed", "is not paused", as_json)
    return _report_queue(queue, "resumed", engine.resume_queue(queue), as_json)


def _group_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for group in reversed(GROUPS):
        command = click.option(
            f"--{group}", default="nothing", metavar="ACTION", help=f"What to do with {group} jobs."
        )(command)
    return command


@click.command("job:cleanup")
@_group_options
@queue_option
@handler_option
@click.option("--dry-run", is_flag=True, help="Only count the jobs.")
@json_option
def job_cleanup(
    queue: str | None, handler: str | None, dry_run: bool, as_json: bool, **actions: str
) -> None:
    """Rerun or remove jobs by state. Each ACTION is nothing, rerun, remove or "remove older
    than AGE". The command is safe while workers run. Removing processing jobs cancels them; they
    are then kept for as long as RETAIN_CANCELLED says."""
    if set(actions.values()) == {"nothing"}:
        raise click.UsageError(f"choose an action, such as --failed=remove; allowed: {ALLOWED}")
    for group, action in actions.items():
        try:
            step(group, action)
        except ValueError as error:
            raise click.BadParameter(escaped(str(error)), param_hint=f"--{group}") from None
    engine = persistent_engine()
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


def _require_one(ids: tuple[str, ...], queue: str | None) -> None:
    if bool(ids) == (queue is not None):
        raise click.UsageError("choose the jobs: IDs, or --queue")


def _report_queue(queue: str, done: str, changed: bool, as_json: bool) -> int:
    if as_json:
        print_json({"queue": queue, "changed": changed})
    else:
        already = "" if changed else "already "
        click.echo(f"queue {escaped(queue)} is {already}{done}")
    return 0

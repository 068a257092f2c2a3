"""The commands that cancel, pause, resume and clean up jobs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from ..engines.cleanup_plan import ALLOWED, GROUPS, step
from ..engines.where import EVERYWHERE
from ..text import escaped
from .drain import pause_all, resume_all, still_running
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
@click.option("--all", "every", is_flag=True, help="All queues, instead of IDs.")
@click.option(
    "--wait",
    help="With queues: wait until none of their jobs runs, for so many seconds at most if SECONDS "
    "is given. If the time is over, the status is 1.",
    is_flag=False,
    flag_value="inf",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
)
@json_option
def job_pause(
    ids: tuple[str, ...], queue: str | None, every: bool, wait: float | None, as_json: bool
) -> int:
    """Pause waiting jobs or whole queues. A paused queue also holds back jobs that are dispatched
    to it later. Lightpack's PHP workers ignore that a queue is paused and go on with its jobs."""
    _require_one(ids, queue, every)
    if ids and wait is not None:
        raise click.UsageError("--wait is for queues: --queue or --all")
    engine = persistent_engine()
    if ids:
        return act_on_each(ids, engine.pause, "paused", "is not waiting", as_json)
    changed = pause_all(engine) if queue is None else {queue: engine.pause_queue(queue)}
    if wait is None:
        return _report_queues(queue, "paused", changed, as_json)
    if not as_json:
        _report_queues(queue, "paused", changed, as_json)
    left = still_running(engine, queue, wait)
    if as_json:
        _report_queues(queue, "paused", changed, as_json, running=left)
    elif left:
        of = ", ".join(f"{count:,} of {escaped(name)}" for name, count in sorted(left.items()))
        click.echo(f"after {wait:g} s there are still running jobs: {of}", err=True)
    else:
        click.echo("nothing runs")
    return 1 if left else 0


@click.command("job:resume")
@ids_argument
@whole_queue_option
@click.option("--all", "every", is_flag=True, help="All paused queues, instead of IDs.")
@json_option
def job_resume(ids: tuple[str, ...], queue: str | None, every: bool, as_json: bool) -> int:
    """Resume paused jobs or paused queues. The jobs keep the time and priority they had."""
    _require_one(ids, queue, every)
    engine = persistent_engine()
    if ids:
        return act_on_each(ids, engine.resume, "resumed", "is not paused", as_json)
    changed = resume_all(engine) if queue is None else {queue: engine.resume_queue(queue)}
    return _report_queues(queue, "resumed", changed, as_json)


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


def _require_one(ids: tuple[str, ...], queue: str | None, every: bool) -> None:
    if [bool(ids), queue is not None, every].count(True) != 1:
        raise click.UsageError("choose the jobs: IDs, or --queue, or --all")


def _report_queues(
    queue: str | None,
    done: str,
    changed: Mapping[str, bool],
    as_json: bool,
    **more: Mapping[str, int],
) -> int:
    """Print which queues are `done` now: `queue`, or all that were found if it is None."""
    if as_json:
        one = {"queue": queue, "changed": changed[queue]} if queue is not None else {}
        print_json({**(one or {"queues": changed}), **more})
        return 0
    for name, was_changed in changed.items():
        click.echo(f"queue {escaped(name)} is {'' if was_changed else 'already '}{done}")
    if not changed:
        click.echo(f"no queue is {'there' if done == 'paused' else 'paused'}")
    return 0

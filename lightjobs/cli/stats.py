"""The command that counts jobs."""

from __future__ import annotations

import re

import click

from ..errors import LightjobsError
from ..model import STATUSES, Group
from ..settings.duration import age
from ..text import escaped
from .filters import checked_queue
from .output import json_option, length, print_json, print_table
from .persistent import watched_engine


def _seconds(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """A click callback for a length of time: "5m", "90s" and "2h", or as in settings."""
    found = re.fullmatch(r"([0-9]{1,9}) *([smhd])", (value or "").strip())
    try:
        if found:
            return int(found[1]) * {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}[found[2]]
        return None if value is None else age(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}, or 5m", ctx, param) from None


@click.command("job:stats")
@click.option("--queue", help="Only this queue.", metavar="NAME", callback=checked_queue)
@click.option(
    "--fail-if-older",
    help="Exit with status 1 and a line if a job has been due for longer than this, such as 5m. "
    "Paused queues do not count.",
    metavar="TIME",
    callback=_seconds,
)
@click.option(
    "--groups",
    "by_group",
    is_flag=True,
    help="Count the jobs that wait and run of each group, in queues that have groups.",
)
@json_option
def job_stats(
    queue: str | None, fail_if_older: float | None, by_group: bool, as_json: bool
) -> None:
    """Count the jobs of each queue by status. The "delayed" jobs are those of the "new" ones that
    are not due yet; "oldest" is how long the oldest due job has been due."""
    if by_group and fail_if_older is not None:
        raise click.UsageError("--fail-if-older is for queues, without --groups")
    engine = watched_engine()
    if by_group:
        queues_with_groups = engine.stats() if queue is None else (queue,)
        found = {name: engine.groups(name) for name in queues_with_groups}
        return _print_groups({name: groups for name, groups in found.items() if groups}, as_json)
    queues, paused, oldest = engine.stats(), engine.paused_queues(), engine.latency()
    if queue is not None:
        queues = {name: counts for name, counts in queues.items() if name == queue}
    if as_json:
        shown = {name: {**each, "oldest": oldest.get(name)} for name, each in queues.items()}
        print_json({"queues": shown, "paused": paused})
    else:
        _print_stats(queues, oldest)
        if paused:
            click.echo(f"paused: {', '.join(map(escaped, paused))}")
    if fail_if_older is not None:
        _ensure_none_older(
            fail_if_older, {q: oldest.get(q, 0.0) for q in queues if q not in paused}
        )


def _print_groups(queues: dict[str, list[Group]], as_json: bool) -> None:
    """Print the groups of each queue. The jobs without one have the group "-"."""
    if as_json:
        shown = {name: [group._asdict() for group in groups] for name, groups in queues.items()}
        print_json({"queues": shown})
    elif not queues:
        click.echo("no jobs that wait or run have a group")
    else:
        rows = [
            (name, "-" if group.name is None else group.name, group.waiting, group.running)
            for name, groups in queues.items()
            for group in groups
        ]
        print_table(("QUEUE", "GROUP", "WAITING", "RUNNING"), rows)


def _print_stats(queues: dict[str, dict[str, int]], oldest: dict[str, float]) -> None:
    if not queues:
        click.echo("no jobs")
        return
    columns = [*STATUSES[:1], "delayed", *STATUSES[1:]]
    rows = [
        (name, *(counts[column] for column in columns), _age(oldest.get(name)))
        for name, counts in queues.items()
    ]
    print_table(("QUEUE", *(column.upper() for column in columns), "OLDEST"), rows)


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else length(seconds)


def _ensure_none_older(limit: float, oldest: dict[str, float]) -> None:
    """Raise LightjobsError if a queue has a job that has been due for more than `limit` seconds."""
    late = [f"{queue} {length(age)}" for queue, age in oldest.items() if age > limit]
    if late:
        raise LightjobsError(
            f"jobs have been due for longer than {length(limit)}: {', '.join(late)}"
        )

"""The commands that show jobs and count them."""

from __future__ import annotations

import time

import click

from ..engines.control import Engine
from ..engines.where import Where
from ..errors import LightjobsError
from ..model import PRIORITIES, STATUSES, Status, Stored, utc_text
from ..text import escaped, escaped_lines
from .each import needed_ids_argument
from .filters import described, handler_option, older_option, queue_option, where
from .output import as_dict, headline, json_option, print_json, print_table
from .persistent import persistent_engine

_NAMES = {number: name for name, number in PRIORITIES.items()}

_SHOWN = {
    "running": Status.QUEUED,
    "waiting": Status.NEW,
    "delayed": Status.NEW,
    "paused": Status.PAUSED,
    "failed": Status.FAILED,
    "cancelled": Status.CANCELLED,
    "completed": Status.COMPLETED,
}
"""The statuses that people are shown, in the order of job:list, and what is stored for each."""

_MOST_NEW = 10_000
"""How many of the oldest new jobs are looked through for those that are waiting, or delayed."""

limit_option = click.option(
    "--limit",
    help="Maximum number of jobs to list.",
    default=50,
    show_default=True,
    type=click.IntRange(min=1),
)


@click.command("job:list")
@click.option("--status", help="Only jobs with this status.", type=click.Choice(list(_SHOWN)))
@queue_option
@handler_option
@limit_option
@json_option
def job_list(
    status: str | None, queue: str | None, handler: str | None, limit: int, as_json: bool
) -> None:
    """List jobs by status. Jobs that have not ended come first, the oldest first; then those that
    have, the latest first. Jobs are "waiting" once they are due, and "delayed" before that."""
    engine = persistent_engine()
    which = where(None, queue, handler)
    found: list[tuple[str, Stored]] = []
    for shown in _SHOWN if status is None else (status,):
        jobs = _with_status(engine, shown, which, limit - len(found))
        found += [(shown, job) for job in jobs]
    if as_json:
        print_json({"jobs": [_as_listed(shown, job) for shown, job in found]})
    elif not found:
        click.echo(f"no {status + ' ' if status else ''}jobs{described(which)}")
    else:
        rows = [
            (job.id, shown, job.queue, job.handler, job.attempts, job.scheduled_at)
            for shown, job in found
        ]
        print_table(("ID", "STATUS", "QUEUE", "HANDLER", "ATTEMPTS", "DUE (UTC)"), rows)


def _with_status(engine: Engine, shown: str, which: Where, limit: int) -> list[Stored]:
    """Up to `limit` jobs with the status `shown`."""
    if limit < 1:
        return []
    which = which.of(status=_SHOWN[shown])
    if _SHOWN[shown] != Status.NEW:
        return engine.browse(which, limit)
    # The stores list new jobs by age, due or not: look at more of them until enough are found.
    now, size = utc_text(time.time()), limit
    while True:
        jobs = engine.browse(which, size)
        fitting = [job for job in jobs if (job.scheduled_at > now) == (shown == "delayed")]
        if len(fitting) >= limit or len(jobs) < size or size >= _MOST_NEW:
            return fitting[:limit]
        size = min(size * 10, _MOST_NEW)


def _as_listed(shown: str, job: Stored) -> dict[str, object]:
    return {**as_dict(job), "status": shown, "stored_status": job.status}


@click.command("job:failed")
@queue_option
@handler_option
@older_option
@limit_option
@json_option
def job_failed(
    queue: str | None, handler: str | None, older_than: str | None, limit: int, as_json: bool
) -> None:
    """List failed jobs, the latest first."""
    engine = persistent_engine()
    which = where(None, queue, handler, older_than)
    jobs = engine.browse(which.of(status=Status.FAILED), limit)
    if as_json:
        print_json({"jobs": [as_dict(job) for job in jobs]})
    elif not jobs:
        click.echo(f"no failed jobs{described(which)}")
    else:
        rows = [
            (job.id, job.queue, job.handler, job.attempts, job.failed_at, headline(job.exception))
            for job in jobs
        ]
        print_table(("ID", "QUEUE", "HANDLER", "ATTEMPTS", "FAILED AT (UTC)", "REASON"), rows)


@click.command("job:show")
@needed_ids_argument
@json_option
def job_show(ids: tuple[str, ...], as_json: bool) -> int:
    """Show everything about jobs. With --json, several IDs give a list of those that are there."""
    engine = persistent_engine()
    found = {job_id: engine.find(job_id) for job_id in ids}
    jobs = [job for job in found.values() if job is not None]
    missing = [job_id for job_id, job in found.items() if job is None]
    if as_json and len(ids) > 1:
        print_json({"jobs": [as_dict(job) for job in jobs], "missing": missing})
        return 1 if missing else 0
    for number, job in enumerate(jobs):
        if as_json:
            print_json(as_dict(job))
        else:
            click.echo("\n" * (number > 0), nl=False)
            _print_fields(job)
    if missing:
        raise LightjobsError(
            "\n".join(
                f"there is no job {job_id}; completed jobs may have been deleted"
                for job_id in missing
            )
        )
    return 0


def _print_fields(job: Stored) -> None:
    fields = job._asdict()
    fields["priority"] = _NAMES.get(job.priority, job.priority)
    for name, value in fields.items():
        if value is not None:
            text = escaped_lines(str(value))
            click.echo(
                click.style(f"{name:>12}", bold=True) + "  " + text.replace("\n", "\n" + " " * 14)
            )


@click.command("job:stats")
@json_option
def job_stats(as_json: bool) -> None:
    """Count the jobs of each queue by status. The "delayed" jobs are those of the "new" ones that
    are not due yet."""
    engine = persistent_engine()
    queues, paused = engine.stats(), engine.paused_queues()
    if as_json:
        print_json({"queues": queues, "paused": paused})
        return
    if not queues:
        click.echo("no jobs")
    else:
        columns = [*STATUSES[:1], "delayed", *STATUSES[1:]]
        rows = [(name, *(counts[column] for column in columns)) for name, counts in queues.items()]
        print_table(("QUEUE", *(column.upper() for column in columns)), rows)
    if paused:
        click.echo(f"paused: {', '.join(map(escaped, paused))}")

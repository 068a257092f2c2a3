"""The commands that dispatch, show, retry and delete jobs."""

from __future__ import annotations

import json

import click

from .. import current
from ..engines.where import Where
from ..errors import LightjobsError, PayloadError, UnknownHandler
from ..execution import registry
from ..execution.backoff import is_moment
from ..model import PRIORITIES, STATUSES, Status
from ..text import escaped, escaped_lines, shortened
from .filters import (
    checked_queue,
    described,
    handler_option,
    moment,
    older_option,
    queue_option,
    where,
)
from .output import (
    as_dict,
    headline,
    json_option,
    print_dispatched,
    print_json,
    print_table,
)
from .persistent import persistent_engine

_NAMES = {number: name for name, number in PRIORITIES.items()}


def _checked_delay(ctx: click.Context, param: click.Parameter, delay: str | None) -> str | None:
    try:
        if delay is not None:
            is_moment(delay)
    except ValueError:
        reason = "is not a time; allowed: what PHP's strtotime reads, such as now or +5 minutes"
        raise click.BadParameter(f"{shortened(delay or '')!r} {reason}", ctx, param) from None
    return delay


@click.command("job:dispatch")
@click.argument("name")
@click.argument("payload", default="{}")
@click.option(
    "--queue", help="Queue, instead of the class's.", metavar="NAME", callback=checked_queue
)
@click.option(
    "--delay",
    help='When the job is due, such as "+5 minutes".',
    metavar="WHEN",
    callback=_checked_delay,
)
@click.option(
    "--priority", help="Priority, instead of the class's.", type=click.Choice(list(PRIORITIES))
)
@json_option
def job_dispatch(
    name: str,
    payload: str,
    queue: str | None,
    delay: str | None,
    priority: str | None,
    as_json: bool,
) -> None:
    """Dispatch one job. NAME is its class name or handler, and PAYLOAD a JSON object."""
    engine = persistent_engine("sync", "null")
    registry.load(current.settings().modules)
    try:
        job = registry.find(name)()
        values = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"PAYLOAD is not JSON ({error}); allowed: a JSON object") from None
    except UnknownHandler as error:
        raise click.UsageError(escaped(str(error))) from None
    if queue is not None:
        job.setQueue(queue)
    if delay is not None:
        job.setDelay(delay)
    if priority is not None:
        job.setPriority(priority)
    try:
        job_id = job.setPayload(values).dispatch()
    except PayloadError as error:
        raise click.UsageError(escaped(str(error))) from None
    handler = registry.handler_of(type(job))
    if as_json:
        print_json({"id": job_id, "handler": handler, "queue": job.queue})
    else:
        print_dispatched(engine.name, handler, job_id, job.queue)


@click.command("job:retry")
@click.argument("job_id", metavar="[ID]", required=False)
@queue_option
@handler_option
@older_option
@json_option
def job_retry(
    job_id: str | None,
    queue: str | None,
    handler: str | None,
    older_than: str | None,
    as_json: bool,
) -> int:
    """Put failed jobs back in their queues, as if new. Give an ID for one job; otherwise all failed
    jobs that match the options are put back."""
    engine = persistent_engine()
    which = where(job_id, queue, handler, older_than)
    count = engine.move("retry", which)
    return _report(count, "queued for retry", "to retry", which, as_json)


@click.command("job:forget")
@click.argument("job_id", metavar="ID")
@json_option
def job_forget(job_id: str, as_json: bool) -> int:
    """Delete one failed job."""
    which = Where(job_id=job_id, status=Status.FAILED)
    count = persistent_engine().purge(which)
    return _report(count, "deleted", "to delete", which, as_json)


@click.command("job:flush")
@queue_option
@handler_option
@older_option
@json_option
def job_flush(queue: str | None, handler: str | None, older_than: str | None, as_json: bool) -> int:
    """Delete all failed jobs, or those that match the options."""
    engine = persistent_engine()
    which = where(None, queue, handler, older_than)
    count = engine.purge(which.of(status=Status.FAILED))
    return _report(count, "deleted", "to delete", which, as_json)


@click.command("job:recover")
@click.option("--php", is_flag=True, required=True, help="Recover the jobs of PHP workers.")
@click.option(
    "--older-than",
    required=True,
    help='Only jobs claimed longer ago than this, such as "10 minutes".',
    metavar="AGE",
)
@json_option
def job_recover(php: bool, older_than: str, as_json: bool) -> None:
    """Put back jobs that a crashed PHP worker left claimed. PHP workers hold no lease, so choose an
    AGE that exceeds the run time of the longest job. The jobs of lightjobs workers are recovered
    without this command."""
    lightpack = persistent_engine().lightpack
    count = 0 if lightpack is None else lightpack.recover_php(moment(older_than))
    if as_json:
        print_json({"count": count})
    else:
        click.echo(f"{count:,} job{'' if count == 1 else 's'} put back")


def _report(count: int, done: str, to_do: str, which: Where, as_json: bool) -> int:
    job_id = which.job_id
    if as_json:
        print_json({"count": count})
        return 0 if count or job_id is None else 1
    if job_id is not None and not count:
        raise LightjobsError(f"there is no failed job {job_id}")
    if job_id is not None:
        click.echo(f"job {escaped(job_id)} {done}")
    elif count:
        click.echo(f"{count:,} failed job{'s' if count > 1 else ''}{described(which)} {done}")
    else:
        click.echo(f"no failed jobs{described(which)} {to_do}")
    return 0


@click.command("job:failed")
@queue_option
@handler_option
@older_option
@click.option(
    "--limit",
    help="Maximum number of jobs to list.",
    default=50,
    show_default=True,
    type=click.IntRange(min=1),
)
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
@click.argument("job_id", metavar="ID")
@json_option
def job_show(job_id: str, as_json: bool) -> None:
    """Show everything about one job."""
    job = persistent_engine().find(job_id)
    if job is None:
        raise LightjobsError(f"there is no job {job_id}; completed jobs may have been deleted")
    if as_json:
        print_json(as_dict(job))
        return
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

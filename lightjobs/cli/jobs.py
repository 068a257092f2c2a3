"""The commands that dispatch, retry, delete and recover jobs."""

from __future__ import annotations

import json

import click

from .. import current
from ..engines.control import Engine
from ..engines.where import EVERYWHERE, Where
from ..errors import PayloadError, UnknownHandler
from ..execution import registry
from ..execution.backoff import is_moment
from ..model import PRIORITIES, Status, Stored
from ..text import escaped, shortened
from ..watching.ties import other_holder
from .each import act_on_each, ids_argument, needed_ids_argument
from .filters import (
    checked_queue,
    described,
    handler_option,
    moment,
    older_option,
    queue_option,
    where,
)
from .output import json_option, print_dispatched, print_json
from .persistent import persistent_engine


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
        print_json({"id": job_id, "handler": handler, "queue": job.onQueue()})
    else:
        print_dispatched(engine.name, handler, job_id, job.onQueue())


@click.command("job:retry")
@ids_argument
@queue_option
@handler_option
@older_option
@json_option
def job_retry(
    ids: tuple[str, ...],
    queue: str | None,
    handler: str | None,
    older_than: str | None,
    as_json: bool,
) -> int:
    """Put failed jobs back in their queues, as if new. Give IDs; otherwise all failed jobs that
    match the options are put back. A unique job whose key another job holds stays as it is."""
    engine = persistent_engine()
    which = where(None, queue, handler, older_than)
    if not ids:
        return _report(engine.move("retry", which), "queued for retry", "to retry", which, as_json)
    return act_on_each(
        ids,
        lambda job_id: engine.move("retry", which.of(job_id=job_id)) > 0,
        "queued for retry",
        "cannot be retried" + (" with these options" if which != EVERYWHERE else ""),
        as_json,
        counted=True,
        why=lambda job: _held_by_another(engine, job),
    )


def _held_by_another(engine: Engine, job: Stored) -> str | None:
    """Why a failed job cannot be retried although it fits: another job holds its key."""
    holder = other_holder(engine, job) if job.status == Status.FAILED else None
    return None if holder is None else f"its key {holder.key} is held by job {holder.job_id}"


@click.command("job:forget")
@needed_ids_argument
@json_option
def job_forget(ids: tuple[str, ...], as_json: bool) -> int:
    """Delete failed jobs by ID."""
    engine = persistent_engine()
    return act_on_each(
        ids,
        lambda job_id: engine.purge(Where(job_id=job_id, status=Status.FAILED)) > 0,
        "deleted",
        "did not fail",
        as_json,
        counted=True,
    )


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
    if as_json:
        print_json({"count": count})
    elif count:
        click.echo(f"{count:,} failed job{'s' if count > 1 else ''}{described(which)} {done}")
    else:
        click.echo(f"no failed jobs{described(which)} {to_do}")
    return 0

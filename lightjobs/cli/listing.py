"""The commands that list jobs and show them."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from ..engines.control import Engine
from ..engines.where import Where
from ..errors import LightjobsError
from ..model import PRIORITIES, KeyHolder, Status, Stored, utc_text
from ..notes.attempt_errors import AttemptError
from ..notes.run_notes import Progress
from ..watching.shown_status import SHOWN
from ..watching.ties import other_holder
from .each import needed_ids_argument
from .filters import described, handler_option, older_option, queue_option, where
from .output import (
    KEPT_AS_TEXT,
    as_dict,
    headline,
    json_option,
    print_fields,
    print_json,
    print_table,
)
from .persistent import persistent_engine

_NAMES = {number: name for name, number in PRIORITIES.items()}

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
@click.option("--status", help="Only jobs with this status.", type=click.Choice(list(SHOWN)))
@queue_option
@handler_option
@click.option("--exception", help="Only jobs whose last error has this class.", metavar="CLASS")
@click.option("--worker", help="Only jobs that this worker holds.", metavar="NAME")
@click.option("--batch", help="Only jobs of the batch with this id.", metavar="ID")
@limit_option
@json_option
def job_list(
    status: str | None,
    queue: str | None,
    handler: str | None,
    exception: str | None,
    worker: str | None,
    batch: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List jobs by status. Jobs that have not ended come first, the oldest first; then those that
    have, the latest first. Jobs are "waiting" once they are due, and "delayed" before that."""
    engine = persistent_engine()
    which = where(None, queue, handler).of(exception=exception, worker=worker, batch=batch)
    found: list[tuple[str, Stored]] = []
    for shown in SHOWN if status is None else (status,):
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
    which = which.of(status=SHOWN[shown])
    if SHOWN[shown] != Status.NEW:
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
    holders = [other_holder(engine, job) for job in jobs]
    shown = [_shown_whole(job, holder) for job, holder in zip(jobs, holders, strict=True)]
    if as_json and len(ids) > 1:
        print_json({"jobs": shown, "missing": missing})
        return 1 if missing else 0
    for number, (job, holder) in enumerate(zip(jobs, holders, strict=True)):
        if as_json:
            print_json(shown[number])
        else:
            click.echo("\n" * (number > 0), nl=False)
            print_fields(_fields(job, holder))
    if missing:
        raise LightjobsError(
            "\n".join(
                f"there is no job {job_id}; completed jobs may have been deleted"
                for job_id in missing
            )
        )
    return 0


def _shown_whole(job: Stored, holder: KeyHolder | None) -> dict[str, Any]:
    """A job for JSON, with the id of the other job that holds its key."""
    return {**as_dict(job), "key_held_by": None if holder is None else holder.job_id}


def _fields(job: Stored, holder: KeyHolder | None) -> dict[str, object]:
    """What is told of a job, by its names. `holder` is the other job that holds its key."""
    fields = job._asdict()
    for name in KEPT_AS_TEXT:
        del fields[name]
    fields["priority"] = _NAMES.get(job.priority, job.priority)
    fields["errors"] = "\n".join(map(_line, job.errors)) or None
    fields["kept_until"] = None if job.kept_until is None else utc_text(job.kept_until)
    fields["progress"] = None if job.progress is None else _progress(job.progress)
    if holder is not None:
        fields["unique_key"] = f"{job.unique_key}, held by job {holder.job_id}"
    return fields | _result(job)


def _progress(progress: Progress) -> str:
    """A progress in one line."""
    of = "" if progress.total is None else f" of {progress.total:,}"
    percent = "" if progress.percent is None else f" ({progress.percent:.0f} %)"
    return f"{progress.done:,}{of}{percent}" + (f": {progress.text}" if progress.text else "")


def _result(job: Stored) -> dict[str, str]:
    """What is kept of the run that completed a job, by the names under which it is shown."""
    result = job.result
    if result is None:
        return {}
    ran = f"from {utc_text(result.at)} for {result.seconds:g} s, by {result.worker}"
    shown = json.dumps(result.value, ensure_ascii=False) if result.is_kept else "not kept"
    return {"result": shown, "ran": ran}


def _line(error: AttemptError) -> str:
    """A failed attempt in one line."""
    after = "" if error.seconds is None else f" after {error.seconds:g} s"
    kind = "" if error.kind == "error" else f"{error.kind}: "
    return f"attempt {error.attempt}, {utc_text(error.at)}{after}: {kind}{headline(error.text)}"

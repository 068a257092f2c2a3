"""The commands that show batches, cancel them and retry their failed jobs."""

from __future__ import annotations

import time
from typing import Any

import click

from ..engines.batch_control import cancel_batch, retry_batch
from ..engines.control import Engine
from ..errors import LightjobsError
from ..flow.runs import BatchRun
from ..model import StoredBatch, utc_text
from ..text import escaped, shortened
from ..watching.ties import batch_state
from .output import json_option, length, print_fields, print_json, print_table
from .persistent import persistent_engine

_NAME_WIDTH = 16
"""So much of a batch's name is shown in the list, which then fits into 80 columns."""

_BAR_WIDTH = 30

_COUNTS = ("total", "waiting", "running", "done", "failed", "cancelled")

id_argument = click.argument("batch_id", metavar="ID")


@click.command("batch:list")
@click.option(
    "--limit",
    help="Maximum number of batches to list.",
    default=50,
    show_default=True,
    type=click.IntRange(min=1),
)
@json_option
def batch_list(limit: int, as_json: bool) -> None:
    """List batches, the latest first. A chain or a batch within a batch counts as one job of it.
    Batches are listed until a week after their end."""
    found = persistent_engine().batches.browse(limit)
    if as_json:
        print_json({"batches": [_as_dict(batch) for batch in found]})
    elif not found:
        click.echo("no batches")
    else:
        titles = ("ID", "NAME", "TOTAL", "DONE", "FAILED", "%", "AGE")
        print_table(titles, [_row(batch) for batch in found])


def _row(batch: StoredBatch) -> tuple[object, ...]:
    name, counts = (
        shortened(batch.name, _NAME_WIDTH) or "-",
        (batch.total, batch.done, batch.failed),
    )
    return batch.id, name, *counts, batch.percent, length(time.time() - batch.created_at)


@click.command("batch:show")
@id_argument
@click.option("--watch", is_flag=True, help="Show how far it comes, until it has ended.")
@json_option
def batch_show(batch_id: str, watch: bool, as_json: bool) -> None:
    """Show how far a batch has come. Tells its counts, which of its callbacks were called, and the
    batches in it. A chain or a batch within it counts as one job."""
    engine = persistent_engine()
    found = _found(engine, batch_id)
    if watch:
        found = BatchRun(batch_id).wait(progress=True)
    inner = [each for id in engine.batches.inner(batch_id) if (each := engine.batches.find(id))]
    if as_json:
        print_json({**_as_dict(found), "inner": [_as_dict(each) for each in inner]})
    else:
        print_fields(_fields(found, inner))


@click.command("batch:cancel")
@id_argument
@json_option
def batch_cancel(batch_id: str, as_json: bool) -> None:
    """Cancel a batch with all that is in it. Its waiting jobs never run, its running jobs are told,
    and nothing can be added to it. Its callback `then` is not called; `always` is."""
    engine = persistent_engine()
    if _found(engine, batch_id).ended_at is not None:
        raise LightjobsError(f"batch {batch_id} cannot be cancelled: it has ended")
    _report(batch_id, cancel_batch(engine, batch_id), "cancelled", as_json)


@click.command("batch:retry")
@id_argument
@json_option
def batch_retry(batch_id: str, as_json: bool) -> None:
    """Put the failed jobs of a batch back in their queues. They become as if new, and so do those
    of the batches in it. A unique job whose key another job holds stays as it is."""
    engine = persistent_engine()
    _found(engine, batch_id)
    _report(batch_id, retry_batch(engine, batch_id), "queued for retry", as_json)


def _found(engine: Engine, batch_id: str) -> StoredBatch:
    found = engine.batches.find(batch_id)
    if found is None:
        raise LightjobsError(f"there is no batch {batch_id}, or it ended more than a week ago")
    return found


def _report(batch_id: str, count: int, done: str, as_json: bool) -> None:
    if as_json:
        print_json({"count": count})
    else:
        jobs = "1 job" if count == 1 else f"{count:,} jobs"
        click.echo(f"{jobs} of batch {escaped(batch_id)} {done}")


def _as_dict(batch: StoredBatch) -> dict[str, Any]:
    """A batch for JSON."""
    return {**batch._asdict(), "state": batch_state(batch), "percent": batch.percent}


def _fields(batch: StoredBatch, inner: list[StoredBatch]) -> dict[str, object]:
    """What is told of a batch and of those in it, by its names."""
    filled = _BAR_WIDTH * batch.percent // 100
    return {
        "id": batch.id,
        "name": batch.name or None,
        "state": batch_state(batch),
        "progress": f"[{'#' * filled}{'-' * (_BAR_WIDTH - filled)}] {batch.percent} %",
        **{name: f"{getattr(batch, name):,}" for name in _COUNTS},
        "called": ", ".join(batch.called) or None,
        "created_at": _moment(batch.created_at),
        "ended_at": _moment(batch.ended_at),
        "cancelled_at": _moment(batch.cancelled_at),
        "part_of": batch.parent,
        "inner": "\n".join(map(_line, inner)) or None,
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else f"{utc_text(at)}, {length(time.time() - at)} ago"


def _line(batch: StoredBatch) -> str:
    """A batch in one line."""
    name = f" {shortened(batch.name)}" if batch.name else ""
    return f"{batch.id}{name}: {batch_state(batch)}, {batch.percent} % of {batch.total:,}"

"""The command that moves jobs to another engine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import islice

import click

from ..engines.control import Engine
from ..engines.transfer import Moved, give_back, move_jobs
from ..engines.transfer_store import MOVABLE
from ..errors import SettingsError
from ..text import escaped, shortened
from .filters import queue_option
from .output import json_option, print_json
from .sides import STORES, Side, ensure_ready, side

SHOWN = 10
"""How many jobs that could not be moved are shown."""

_ENGINE = f"{', '.join(STORES)}, or module:Class"


@click.command("job:move")
@click.option(
    "--from", "source", required=True, metavar="ENGINE", help=f"Where jobs are: {_ENGINE}."
)
@click.option("--to", "target", metavar="ENGINE", help="Where they go, likewise.")
@click.option(
    "--from-url",
    metavar="URL",
    help="The store that they leave, such as postgresql://user:password@host/name or "
    "redis://host/0. Without it, the settings of the project name it.",
)
@click.option("--to-url", metavar="URL", help="The store where they arrive, likewise.")
@queue_option
@click.option("--dry-run", is_flag=True, help="Only count the jobs.")
@click.option(
    "--give-back",
    "gives_back",
    is_flag=True,
    help="Instead: put back what an interrupted move has left on its way, because its target is "
    "gone for good. If it is not, these jobs may run on both sides.",
)
@json_option
def job_move(
    source: str,
    target: str | None,
    from_url: str | None,
    to_url: str | None,
    queue: str | None,
    dry_run: bool,
    gives_back: bool,
    as_json: bool,
) -> int:
    """Move jobs from one engine to another.

    Workers may run on both sides. Moved are waiting, delayed, paused and failed jobs, and those
    that are kept. Running jobs stay where they are. If the command is interrupted or killed, run it
    again: no job is lost or doubled. Jobs get new IDs.
    """
    if gives_back:
        if target or to_url or queue or dry_run:
            raise click.UsageError("--give-back is only for --from and --from-url")
        return _give_back(side("--from", source, from_url), as_json)
    if target is None:
        raise click.UsageError("Missing option '--to'.")
    here, there = side("--from", source, from_url), side("--to", target, to_url)
    try:
        if here.store == there.store:
            raise SettingsError("--from and --to are the same store")
        ensure_ready("--from", here.engine)
        ensure_ready("--to", there.engine)
        counts = _counts(here.engine, queue)
        if dry_run:
            return _report_plan(counts, as_json)
        moved = _moved(here, there, queue, sum(counts[status] for status in MOVABLE), as_json)
        after = _counts(here.engine, queue)
        paused = _only_here(here.engine, there.engine, queue)
    finally:
        here.engine.close()
        there.engine.close()
    return _report(moved, after, paused, as_json)


def _give_back(here: Side, as_json: bool) -> int:
    try:
        ensure_ready("--from", here.engine)
        count = give_back(here.engine)
    finally:
        here.engine.close()
    if as_json:
        print_json({"count": count})
    else:
        click.echo(f"{_number(count)} put back")
    return 0


def _counts(engine: Engine, queue: str | None) -> dict[str, int]:
    """How many jobs of the queue, or of all queues, have each status."""
    rows = [row for name, row in engine.stats().items() if queue in (None, name)]
    return {status: sum(row.get(status, 0) for row in rows) for status in (*MOVABLE, "queued")}


def _only_here(source: Engine, target: Engine, queue: str | None) -> list[str]:
    """The queues that are paused in the source and not in the target."""
    paused = set(source.paused_queues()) - set(target.paused_queues())
    return sorted(name for name in paused if queue in (None, name))


def _moved(here: Side, there: Side, queue: str | None, total: int, as_json: bool) -> Moved:
    if as_json or not total or not sys.stderr.isatty():
        return move_jobs(here.engine, there.engine, there.name, queue)
    with click.progressbar(length=total, label="moving jobs", file=sys.stderr) as bar:
        return move_jobs(here.engine, there.engine, there.name, queue, bar.update)


def _report_plan(counts: Mapping[str, int], as_json: bool) -> int:
    running = counts["queued"]
    movable = {str(status): counts[status] for status in MOVABLE}
    if as_json:
        print_json({"dry_run": True, "counts": movable, "running": running})
        return 0
    click.echo(f"{_listed(movable)} to move")
    if running:
        click.echo(f"{_number(running)} being run would stay")
    return 0


def _report(moved: Moved, after: Mapping[str, int], paused: list[str], as_json: bool) -> int:
    running = after["queued"]
    left = sum(after[status] for status in MOVABLE) - len(moved.stayed)
    status = 1 if moved.stayed else 0
    if as_json:
        found = {"counts": moved.counts, "stayed": moved.stayed, "running": running, "left": left}
        print_json({"dry_run": False, **found, "paused_queues": paused})
        return status
    if moved.resumed:
        click.echo("a move that had not ended was finished first")
    click.echo(f"{_listed(moved.counts)} moved")
    for job_id, reason in islice(moved.stayed.items(), SHOWN):
        click.echo(f"job {escaped(job_id)} stays: {shortened(reason, 200)}", err=True)
    if len(moved.stayed) > SHOWN:
        click.echo(f"and {len(moved.stayed) - SHOWN:,} more jobs stay", err=True)
    if running:
        are = "is" if running == 1 else "are"
        click.echo(
            f"{_number(running)} {are} being run; run the command again when they have ended"
        )
    if left > 0:
        have = "has" if left == 1 else "have"
        click.echo(f"{_number(left)} {have} come in the meantime; run the command again")
    for name in paused:
        click.echo(f"queue {escaped(name)} is paused where the jobs were, but not where they are")
    return status


def _number(count: int) -> str:
    return f"{count:,} job{'' if count == 1 else 's'}"


def _listed(counts: Mapping[str, int]) -> str:
    """Such as "3 jobs (2 new, 1 failed)"."""
    parts = [f"{counts[status]:,} {status}" for status in MOVABLE if counts.get(status)]
    return _number(sum(counts.values())) + (f" ({', '.join(parts)})" if parts else "")

"""Commands on the schedule."""

from __future__ import annotations

import sys
import time
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click

from .. import current
from ..engines.control import Engine
from ..engines.unstored import UnstoredEngine
from ..errors import SettingsError
from ..execution import registry
from ..model import LastSlot, Status
from ..schedule import scheduler_main
from ..schedule.entry import Entry
from ..schedule.loading import FILE, load
from ..schedule.scheduler import Scheduler
from ..text import escaped, shortened
from ..workers import logging_setup
from .output import json_option, print_json, print_table

_UTC = ZoneInfo("UTC")
_GONE = "gone"
"""Of a last job that the store has no more and that nobody has noted as completed: it was cancelled
or removed, or PHP worked it, or its worker died just after it."""

_TITLES = (
    *("NAME", "EXPRESSION", "ZONE", "NEXT DUE", "NEXT DUE (UTC)"),
    *("LAST DUE", "LAST DUE (UTC)", "LAST JOB"),
)
_name_argument = click.argument("name")


@click.command("schedule:list")
@json_option
def schedule_list(as_json: bool) -> None:
    """List the entries of config/schedule.py: when each is due next, the last moment that was
    dispatched, and what became of its job. One that is "gone" was cancelled or removed, or worked
    by PHP, which does not say how it went."""
    engine = current.engine()
    known, now = engine.schedule.slots(), int(time.time())
    standing = [_standing(engine, entry, known.get(entry.name), now) for entry in _entries()]
    warning = unscheduled(engine) if standing else None
    if as_json:
        warnings = [] if warning is None else [warning]
        print_json({"entries": [_as_dict(one) for one in standing], "warnings": warnings})
        return
    if warning is not None:
        click.echo(f"warning: {warning}", err=True)
    if standing:
        print_table(_TITLES, [_row(one) for one in standing])
    else:
        click.echo(f"no entries in {FILE}")


@click.command("schedule:work")
@click.option("--with-parent", is_flag=True, help="End when the process that started this one has.")
@click.option(
    "--log-format",
    help="How to print what happens.",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json"]),
)
@click.option("--quiet", is_flag=True, help="Print only warnings and errors.")
def schedule_work(with_parent: bool, log_format: str, quiet: bool) -> int:
    """Dispatch the jobs of config/schedule.py when they are due, until stopped. Any number may run:
    each due moment is dispatched once."""
    engine, entries = _scheduling_engine(), _entries()
    if not entries:
        raise SettingsError(f"nothing to schedule: no entries in {FILE}")
    logging_setup.configure(log_format, quiet)

    def say_ready() -> None:
        if not quiet and log_format == "text":
            count = f"{len(entries)} entr{'y' if len(entries) == 1 else 'ies'}"
            click.echo(f" [READY] engine {current.settings().engine}, {count}; Ctrl-C stops")
            sys.stdout.flush()

    return scheduler_main.run(Scheduler(engine, entries), with_parent, say_ready)


@click.command("schedule:events")
def schedule_events() -> None:
    """Dispatch once what is due now, and end: for a system cron that calls this each minute."""
    entries = _entries()
    if not entries:
        click.echo(f"no entries in {FILE}")
        return
    scheduler = Scheduler(_scheduling_engine(), entries)
    logging_setup.configure("text", quiet=False)
    now = time.time()
    scheduler.begin(now, since=now // 60 * 60 - 1)  # a new entry has its first chance this minute
    while scheduler.dispatch(now) <= now:
        pass


@click.command("schedule:test")
@_name_argument
@json_option
def schedule_test(name: str, as_json: bool) -> None:
    """Dispatch the job of the entry NAME now, whatever the time. Its due moments stay, and so does
    what schedule:list shows: the id that is printed tells job:show which job it was."""
    entry, engine = _entry(name), current.engine()
    runs_here = engine.name == "sync"
    if engine.unworkable is not None and not runs_here:
        raise SettingsError(engine.unworkable)
    job = entry.new_job(int(time.time()))._replace(due=None)  # no delay, no jitter
    (job_id,) = current.dispatch([job])
    if as_json:
        print_json({"id": job_id, "handler": entry.handler, "queue": entry.job.queue})
    elif runs_here:
        click.echo(f"ran {entry.handler} #ID: {job_id} here: JOB_ENGINE=sync has no queue")
    else:
        click.echo(f"dispatched {entry.handler} #ID: {job_id} to {entry.job.queue}")


@click.command("schedule:pause")
@_name_argument
def schedule_pause(name: str) -> None:
    """Dispatch nothing for the entry NAME until it is resumed, whoever schedules."""
    entry, engine = _entry(name), _scheduling_engine()
    engine.schedule.enroll([entry.name], time.time())
    paused = engine.schedule.pause_entry(entry.name)
    click.echo(escaped(f"paused {entry.name}" if paused else f"{entry.name} is paused already"))


@click.command("schedule:resume")
@_name_argument
def schedule_resume(name: str) -> None:
    """Undo schedule:pause. What was due meanwhile is passed over."""
    entry, engine = _entry(name), _scheduling_engine()
    resumed = engine.schedule.resume_entry(entry.name, time.time())
    click.echo(escaped(f"resumed {entry.name}" if resumed else f"{entry.name} is not paused"))


def _entries() -> list[Entry]:
    registry.load(current.settings().modules)
    return load()


def _entry(name: str) -> Entry:
    """The entry of that name, or the only one for a job of that name."""
    entries = _entries()
    for entry in entries:
        if entry.name == name:
            return entry
    of_job = [e for e in entries if name in (type(e.job).__name__, e.handler)]
    if len(of_job) == 1:
        return of_job[0]
    known = escaped(", ".join(repr(entry.name) for entry in of_job or entries) or "none")
    if of_job:
        raise click.UsageError(f"{name!r} is the job of several entries; choose one: {known}")
    raise click.UsageError(f"there is no entry {shortened(name)!r} in {FILE}; known: {known}")


def unscheduled(engine: Engine) -> str | None:
    """Why a scheduler of its own has nothing to do on this engine; None when it has."""
    if engine.unworkable is None:
        return None
    if isinstance(engine, UnstoredEngine):
        return f"{engine.unworkable} Nor has a scheduler."
    return f"{engine.unworkable} Its schedule is that of lightjobs.worker(schedule=True)."


def _scheduling_engine() -> Engine:
    engine = current.engine()
    if (reason := unscheduled(engine)) is not None:
        raise SettingsError(reason)
    if engine.schema is not None:
        engine.schema.ensure_current()
    return engine


class _Standing(NamedTuple):
    """Where an entry stands: its next moment, and its last job with the moment it was for."""

    entry: Entry
    paused: bool
    next: int | None
    last: int | None
    job_id: str | None
    outcome: str | None


def _standing(engine: Engine, entry: Entry, last: LastSlot | None, now: int) -> _Standing:
    paused = last is not None and last.paused
    due = None if paused else entry.next_after(now)
    if last is None or last.job_id is None:
        return _Standing(entry, paused, due, None, None, None)
    job = engine.find(last.job_id)
    left = Status.COMPLETED if last.completed else _GONE
    outcome = left if job is None else job.status
    last_due = None if last.job_due is None else int(last.job_due)
    return _Standing(entry, paused, due, last_due, last.job_id, outcome)


def _row(one: _Standing) -> tuple[str, ...]:
    zone = one.entry.zone
    none = "paused" if one.paused else "never"
    return (
        one.entry.name,
        one.entry.expression,
        zone.key,
        *(_shown(one.next, zone, none), _shown(one.next, _UTC, none)),
        *(_shown(one.last, zone, "-"), _shown(one.last, _UTC, "-")),
        f"{one.job_id} {one.outcome}" if one.job_id else "-",
    )


def _shown(moment: int | None, zone: ZoneInfo, none: str) -> str:
    if moment is None:
        return none
    return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M:%S")


def _as_dict(one: _Standing) -> dict[str, object]:
    entry = one.entry
    return {
        "name": entry.name,
        "handler": entry.handler,
        "queue": entry.job.queue,
        "expression": entry.expression,
        "timezone": entry.zone.key,
        "accuracy": entry.accuracy,
        "jitter": entry.jitter,
        "without_overlapping": not entry.overlapping,
        "paused": one.paused,
        "next_due": _iso(one.next, entry.zone),
        "next_due_utc": _iso(one.next, _UTC),
        "last_due": _iso(one.last, entry.zone),
        "last_due_utc": _iso(one.last, _UTC),
        "last_job": one.job_id,
        "last_outcome": one.outcome,
    }


def _iso(moment: int | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, zone).isoformat()

"""The commands for the schedule."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from .. import current
from ..engines import outage
from ..engines.control import Engine
from ..errors import SettingsError
from ..execution import registry
from ..process.service_manager import ServiceManager
from ..schedule import scheduler_main
from ..schedule.entry import Entry
from ..schedule.entry_state import EntryState, entry_state
from ..schedule.loading import FILE, full_name, load
from ..schedule.schedulable import schedulable_engine, unschedulable
from ..schedule.scheduler import Scheduler
from ..text import escaped, shortened
from ..workers.logs import logging_setup
from ..workers.logs.job_log import JobLog
from .output import json_option, print_dispatched, print_json, print_table

_UTC = ZoneInfo("UTC")
_TITLES = (
    *("NAME", "EXPRESSION", "ZONE", "NEXT DUE", "NEXT DUE (UTC)"),
    *("LAST DUE", "LAST DUE (UTC)", "LAST JOB"),
)
_name_argument = click.argument("name")


@click.command("schedule:list")
@json_option
def schedule_list(as_json: bool) -> None:
    """List the entries of config/schedule.py. Shows when each is due next, the last moment it was
    dispatched for and the outcome of that job. The outcome "gone" means that the job was cancelled
    or removed, or that PHP ran it, which does not record an outcome."""
    engine = current.engine()
    known, now = engine.schedule.slots(), int(time.time())
    states = [entry_state(engine, entry, known.get(entry.name), now) for entry in _entries()]
    warning = unschedulable(engine) if states else None
    if as_json:
        warnings = [] if warning is None else [warning]
        print_json({"entries": [_as_dict(state) for state in states], "warnings": warnings})
        return
    if warning is not None:
        click.echo(f"warning: {warning}", err=True)
    if states:
        print_table(_TITLES, [_row(state) for state in states])
    else:
        click.echo(f"no entries in {FILE}")


@click.command("schedule:work")
@click.option("--with-parent", is_flag=True, help="Stop when the parent process has ended.")
@click.option(
    "--log-format",
    help="Format of the log.",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json"]),
)
@click.option("--quiet", is_flag=True, help="Print only warnings and errors.")
@click.option("--outage", "away", type=int, hidden=True)  # of job:work --schedule
def schedule_work(with_parent: bool, log_format: str, quiet: bool, away: int | None) -> int:
    """Dispatch jobs of config/schedule.py when they are due. Runs until stopped. Any number of
    schedulers may run: each due moment is dispatched once."""
    service = ServiceManager.of_environment()
    if away is not None:
        outage.share(away)
    engine, entries = schedulable_engine(), _entries()
    if not entries:
        raise SettingsError(f"nothing to schedule: there are no entries in {FILE}")
    lines = logging_setup.make(log_format, quiet)
    logging_setup.configure(lines, quiet)

    def log_ready() -> None:
        count = f"{len(entries)} entr{'y' if len(entries) == 1 else 'ies'}"
        kind = current.settings().engine
        text = f"scheduler, engine {kind}, {count}; Ctrl-C stops"
        lines.event("ready", text, engine=kind, entries=len(entries))
        service.ready(count)

    try:
        return scheduler_main.run(Scheduler(engine, entries), with_parent, log_ready, service)
    finally:
        # At the end of the interpreter, connections of PyMySQL print a traceback instead.
        engine.close()


@click.command("schedule:events")
def schedule_events() -> None:
    """Dispatch what is due now, once, and exit. For a system cron that calls this command every
    minute."""
    entries = _entries()
    if not entries:
        click.echo(f"no entries in {FILE}")
        return
    scheduler = Scheduler(schedulable_engine(), entries)
    logging_setup.configure(JobLog(), quiet=False)
    now = time.time()
    scheduler.begin(now, since=now // 60 * 60 - 1)  # a new entry may be due within this minute
    while scheduler.dispatch(now) <= now:
        pass


@click.command("schedule:test")
@_name_argument
@json_option
def schedule_test(name: str, as_json: bool) -> None:
    """Dispatch the job of the entry NAME now. This changes neither its due moments nor what
    schedule:list shows. Pass the printed ID to job:show to see the job."""
    entry, engine = _entry(name), current.engine()
    if engine.unworkable is not None and engine.name != "sync":
        raise SettingsError(engine.unworkable)
    job = entry.new_job(int(time.time()))._replace(due=None)  # no delay, no jitter
    (job_id,) = current.dispatch([job])
    if as_json:
        print_json({"id": job_id, "handler": entry.handler, "queue": entry.job.onQueue()})
    else:
        print_dispatched(engine.name, entry.handler, job_id, entry.job.onQueue())


@click.command("schedule:pause")
@_name_argument
def schedule_pause(name: str) -> None:
    """Pause the entry NAME. No scheduler dispatches it until it is resumed."""
    entry, engine = _entry(name), schedulable_engine()
    engine.schedule.enroll([entry.name], time.time())
    _describe(engine, entry)
    paused = engine.schedule.pause_entry(entry.name)
    click.echo(escaped(f"paused {entry.name}" if paused else f"{entry.name} is already paused"))


@click.command("schedule:resume")
@_name_argument
def schedule_resume(name: str) -> None:
    """Resume the entry NAME. Moments that were due while it was paused are passed over."""
    entry, engine = _entry(name), schedulable_engine()
    resumed = engine.schedule.resume_entry(entry.name, time.time())
    _describe(engine, entry)  # the next moment may have been noted before the pause
    click.echo(escaped(f"resumed {entry.name}" if resumed else f"{entry.name} is not paused"))


def _describe(engine: Engine, entry: Entry) -> None:
    following = entry.next_after(int(time.time()))
    engine.schedule.describe({entry.name: entry.template()}, {entry.name: following})


def _entries() -> list[Entry]:
    registry.load(current.settings().modules)
    return load()


def _entry(name: str) -> Entry:
    """The entry called `name`, or the only entry whose job has that class name or handler. Raises
    click.UsageError."""
    entries = _entries()
    names = (name, full_name(current.settings().schedule_name, name))
    for entry in entries:
        if entry.name in names:
            return entry
    of_job = [e for e in entries if name in (type(e.job).__name__, e.handler)]
    if len(of_job) == 1:
        return of_job[0]
    known = escaped(", ".join(repr(entry.name) for entry in of_job or entries) or "none")
    if of_job:
        raise click.UsageError(f"{name!r} is the job of several entries; allowed: {known}")
    raise click.UsageError(f"there is no entry {shortened(name)!r} in {FILE}; allowed: {known}")


def _row(state: EntryState) -> tuple[str, ...]:
    zone = state.entry.zone
    none = "paused" if state.paused else "never"
    return (
        state.entry.name,
        state.entry.expression,
        zone.key,
        *(_shown(state.next, zone, none), _shown(state.next, _UTC, none)),
        *(_shown(state.last, zone, "-"), _shown(state.last, _UTC, "-")),
        f"{state.job_id} {state.outcome}" if state.job_id else "-",
    )


def _shown(moment: int | None, zone: ZoneInfo, none: str) -> str:
    if moment is None:
        return none
    return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M:%S")


def _as_dict(state: EntryState) -> dict[str, object]:
    entry = state.entry
    return {
        "name": entry.name,
        "handler": entry.handler,
        "queue": entry.job.onQueue(),
        "expression": entry.expression,
        "timezone": entry.zone.key,
        "accuracy": entry.accuracy,
        "jitter": entry.jitter,
        "without_overlapping": not entry.overlapping,
        "paused": state.paused,
        "next_due": _iso(state.next, entry.zone),
        "next_due_utc": _iso(state.next, _UTC),
        "last_due": _iso(state.last, entry.zone),
        "last_due_utc": _iso(state.last, _UTC),
        "last_job": state.job_id,
        "last_outcome": state.outcome,
    }


def _iso(moment: int | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, zone).isoformat()

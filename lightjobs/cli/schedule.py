"""Commands on the schedule."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from .. import current, registry
from ..schedule.entry import Entry
from ..schedule.loading import FILE, load
from .output import json_option, print_json, print_table

_UTC = ZoneInfo("UTC")


@click.command("schedule:list")
@json_option
def schedule_list(as_json: bool) -> None:
    """List the entries of config/schedule.py and when each is due next."""
    entries = _entries()
    now = int(time.time())
    if as_json:
        print_json({"entries": [_as_dict(entry, now) for entry in entries]})
    elif not entries:
        click.echo(f"no entries in {FILE}")
    else:
        titles = ("NAME", "EXPRESSION", "ZONE", "NEXT DUE", "NEXT DUE (UTC)")
        print_table(titles, [_row(entry, now) for entry in entries])


def _entries() -> list[Entry]:
    registry.load(current.settings().modules)
    return load()


def _row(entry: Entry, now: int) -> tuple[str, ...]:
    due = entry.next_after(now)
    return (
        entry.name,
        entry.expression,
        entry.zone.key,
        _shown(due, entry.zone),
        _shown(due, _UTC),
    )


def _shown(moment: int | None, zone: ZoneInfo) -> str:
    if moment is None:
        return "never"
    return datetime.fromtimestamp(moment, zone).strftime("%Y-%m-%d %H:%M:%S")


def _as_dict(entry: Entry, now: int) -> dict[str, object]:
    due = entry.next_after(now)
    return {
        "name": entry.name,
        "handler": entry.job._handler,
        "queue": entry.job.queue,
        "expression": entry.expression,
        "timezone": entry.zone.key,
        "accuracy": entry.accuracy,
        "jitter": entry.jitter,
        "without_overlapping": not entry.overlapping,
        "next_due": _iso(due, entry.zone),
        "next_due_utc": _iso(due, _UTC),
    }


def _iso(moment: int | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, zone).isoformat()

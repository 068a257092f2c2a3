"""The command top."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from ..engines import answer_limit
from ..engines.control import Engine
from ..errors import StoreUnavailable
from ..extras import require
from .output import print_json, print_table
from .persistent import watched_engine
from .top_look import ANSWER_SECONDS, Seen, look
from .top_tables import summary, tables
from .workers import worker_as_dict


def _option(name: str, *variable: str, help: str) -> Callable[[Any], Any]:
    envvar = f"JOB_TOP_{name.removeprefix('--').upper()}"
    return click.option(name, *variable, is_flag=True, help=help, envvar=envvar, show_envvar=True)


@click.command("top")
@_option("--once", help="Print everything once, as text.")
@_option("--json", "as_json", help="Print everything once, as JSON.")
def top(once: bool, as_json: bool) -> None:
    """Show queues, workers and runs at a terminal. The screen is renewed each second, and nothing
    can be changed there. Keys: q quits, p freezes the screen, 1 to 7 sort the queues by that
    column. Without a terminal everything is printed once."""
    live = not (once or as_json) and _has_terminal()
    if live:
        require("top", "rich")
    engine = watched_engine()
    try:
        with answer_limit.at_most(ANSWER_SECONDS):
            engine.ensure_ready()
    except StoreUnavailable:
        if not live:
            raise  # else the screen says so, and goes on when the store is back
    if live:
        from .top_screen import Screen

        Screen(engine).run()
    else:
        _print(engine, as_json)


def _has_terminal() -> bool:
    """Whether there is one that can be drawn on, with keys to press."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _print(engine: Engine, as_json: bool) -> None:
    seen = look(engine)
    if as_json:
        print_json(_as_dict(seen))
        return
    click.echo(summary(seen))
    for table in tables(seen):
        click.echo()
        if table.rows:
            titles = [column.title for column in table.columns]
            print_table(titles, [[each.cell(row) for each in table.columns] for row in table.rows])
        else:
            click.echo(table.empty)


def _as_dict(seen: Seen) -> dict[str, Any]:
    return {
        "at": seen.at,
        "totals": seen.totals,
        "places": seen.places,
        "queues": seen.queues,
        "workers": [worker_as_dict(worker) for worker in seen.workers or ()],
        "runs": [
            {**run.running._asdict(), "seconds": run.seconds, "worker": run.worker.name}
            for run in seen.runs or ()
        ],
    }

"""The command worker:list."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click

from ..notes.observed import Worker, WorkerNote
from .output import json_option, length, print_json, print_table
from .persistent import watched_engine

_COLUMNS: dict[str, Callable[[WorkerNote], str]] = {
    "HOST": lambda note: note.host,
    "PID": lambda note: str(note.pid),
    "QUEUES": lambda note: ",".join(note.queues),
    "BUSY": lambda note: f"{note.busy}/{note.concurrency}",
    "MEMORY": lambda note: f"{note.memory / 1e6:,.0f} MB",
    "VERSION": lambda note: note.version,
    "UP": lambda note: length(time.time() - note.since),
    "RUNS": lambda note: ", ".join(
        f"{run.handler} #{run.id} for {length(time.time() - run.since)}" for run in note.running
    ),
}
"""What a worker's note says, by the title of its column."""


@click.command("worker:list")
@json_option
def worker_list(as_json: bool) -> None:
    """List the registered workers. Shows on which host they are, which queues they serve and what
    they run. Workers whose beat is overdue are "silent". Those of older versions and of PHP tell
    nothing of themselves."""
    workers = watched_engine().workers()
    if as_json:
        print_json({"workers": [worker_as_dict(worker) for worker in workers]})
    elif not workers:
        click.echo("no workers")
    else:
        titles = ("WORKER", "STATE", "LAST BEAT", *_COLUMNS)
        print_table(titles, [_row(worker) for worker in workers])


def _row(worker: Worker) -> tuple[str, ...]:
    silent = worker.silent_for
    beat = "-" if silent is None else f"{length(silent)} ago"
    note = worker.note
    told = ("-" if note is None else tell(note) or "-" for tell in _COLUMNS.values())
    return worker.name, _state(worker), beat, *told


def _state(worker: Worker) -> str:
    if worker.is_silent:
        return "silent"
    return "-" if worker.note is None else worker.note.state


def worker_as_dict(worker: Worker) -> dict[str, Any]:
    note = worker.note
    values: dict[str, Any] = {} if note is None else note._asdict()
    if note is not None:
        values["running"] = [run._asdict() for run in note.running]
    return {
        "name": worker.name,
        "silent": worker.is_silent,
        "silent_for": worker.silent_for,
        "lease_left": worker.lease_left,
        "note": values or None,
    }

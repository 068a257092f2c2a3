"""Prints tables, fields and JSON."""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ..model import Stored
from ..text import escaped, escaped_lines, shortened

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


KEPT_AS_TEXT = ("error_lines", "result_text", "progress_text")
"""The fields of a job that are shown by what can be read in them."""


def print_json(value: Any) -> None:
    """Print `value` as indented JSON. It is ASCII only, so no text of a job can control the
    terminal."""
    click.echo(json.dumps(value, indent=2))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table with aligned columns, numbers to the right. Text is escaped.

    If the table is wider than the terminal, each row takes several lines: as many columns on the
    first as fit there, the others indented below, the titles likewise. So nothing is cut."""
    cells = [[escaped(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    numeric = [isinstance(cell, int) for cell in (rows[0] if rows else titles)]
    lines = _lines(widths, _terminal_width())
    for row in (list(titles), *cells):
        for number, columns in enumerate(lines):
            parts = [
                row[at].rjust(widths[at]) if numeric[at] else row[at].ljust(widths[at])
                for at in columns
            ]
            line = _INDENT * (number > 0) + "  ".join(parts).rstrip()
            click.echo(click.style(line, bold=True) if row == list(titles) else line)


def print_fields(fields: Mapping[str, object]) -> None:
    """Print each value with its name before it, but those that are None. Text is escaped."""
    for name, value in fields.items():
        if value is not None:
            text = escaped_lines(str(value))
            click.echo(
                click.style(f"{name:>12}", bold=True) + "  " + text.replace("\n", "\n" + " " * 14)
            )


_INDENT = "    "


def _lines(widths: Sequence[int], most: int | None) -> list[list[int]]:
    """The numbers of the columns on each line of a row, so that no line has more than `most`
    characters, unless a single column has."""
    lines, used = [[0]], widths[0]
    for at, width in enumerate(widths[1:], 1):
        if most is not None and used + 2 + width > most:
            lines.append([])
            used = len(_INDENT) - 2
        lines[-1].append(at)
        used += 2 + width
    return lines


def _terminal_width() -> int | None:
    """The width of the terminal; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_dispatched(engine: str, handler: str, job_id: str, queue: str) -> None:
    """Print what `engine` has done with a job that was dispatched to `queue`."""
    job = escaped(f"{handler} #ID: {job_id}")
    if engine == "sync":
        click.echo(f"ran {job} here: the engine sync has no queue")
    elif engine == "null":
        click.echo(f"dropped {job}: the engine null keeps no jobs")
    else:
        click.echo(f"dispatched {job} to {escaped(queue)}")


def as_dict(job: Stored) -> dict[str, Any]:
    """A stored job as a dict for JSON. Payload and options are decoded if they are JSON; otherwise
    they stay text."""
    fields = {**job._asdict(), "errors": [error._asdict() for error in job.errors]}
    for name in KEPT_AS_TEXT:
        del fields[name]
    result, progress = job.result, job.progress
    fields["result"] = None if result is None else result._asdict()
    fields["progress"] = None if progress is None else progress._asdict()
    for name in ("payload", "options"):
        with contextlib.suppress(ValueError, RecursionError, TypeError):
            fields[name] = json.loads(fields[name])
    return fields


def headline(exception: str | None) -> str:
    """The first line of a failed job's exception, short enough for a table."""
    return shortened((exception or "").strip().split("\n")[0], 70)


def length(seconds: float) -> str:
    """A length of time in at most two units, such as "3m 20s"."""
    rest = max(0, int(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count or parts or unit == "s":
            parts.append(f"{count}{unit}")
    return " ".join(parts[:2])

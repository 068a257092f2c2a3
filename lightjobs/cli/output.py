"""Tables and JSON on standard output."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from typing import Any

import click

from ..model import Stored
from ..text import escaped, shortened

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: Any) -> None:
    """`value` as JSON, indented; ASCII only, so no text of a job acts on the terminal."""
    click.echo(json.dumps(value, indent=2))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """An aligned table; numbers to the right, text escaped."""
    cells = [[escaped(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    numeric = [isinstance(cell, int) for cell in (rows[0] if rows else titles)]

    def line(texts: Sequence[str]) -> str:
        parts = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(texts, widths, numeric, strict=True)
        ]
        return "  ".join(parts).rstrip()

    click.echo(click.style(line(titles), bold=True))
    for row in cells:
        click.echo(line(row))


def as_dict(job: Stored) -> dict[str, Any]:
    """A stored job for JSON; the payload decoded when it is JSON, else its text."""
    fields = job._asdict()
    for name in ("payload", "options"):
        with contextlib.suppress(ValueError, RecursionError, TypeError):
            fields[name] = json.loads(fields[name])
    return fields


def headline(exception: str | None) -> str:
    """The first line of a failed job's exception, short enough for a table."""
    return shortened((exception or "").strip().split("\n")[0], 70)

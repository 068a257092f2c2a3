"""How `lightjobs top` looks on a terminal of any size, drawn with rich."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from rich import table
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.text import Text

from ..text import escaped
from .top_look import Seen
from .top_tables import QUEUES, Column, Table, summary, tables

_LEAST = 12
"""A column that must be cut has at least so many characters,"""
_BETWEEN = 2
"""and so many are between columns."""


def picture(
    seen: Seen | None, trouble: str, frozen: bool, sort: int, width: int, height: int
) -> RenderableType:
    """The screen of this width and height. `trouble` says what is wrong with the store; `seen` is
    the last that it has told, if anything."""
    head = [_head(seen, frozen)]
    if trouble:
        head.append(_line(trouble, "bold red"))
    if seen is None:
        return Group(*head, *([] if trouble else [Text("asking the store …")]))
    head.append(_line(summary(seen), "bold"))
    shown = tables(seen, sort)
    # Of each table its titles and the line above, and a line that stays free at the end.
    room = _shares([_lines(each) for each in shown], height - len(head) - 2 * len(shown) - 1)
    parts = [
        _table(each, most, width, QUEUES[sort].title if each is shown[0] else "")
        for each, most in zip(shown, room, strict=True)
    ]
    return Group(*head, *(part for each in parts for part in (Text(""), each)))


def _head(seen: Seen | None, frozen: bool) -> Text:
    at = "" if seen is None else time.strftime("  %H:%M:%S", time.localtime(seen.at))
    text = _line(f"lightjobs top{at}", "bold cyan")
    keys = "frozen, p goes on" if frozen else "q quits, p freezes"
    return text.append(f"  {keys}, 1-{len(QUEUES)} sort", "not bold default")


def _line(text: str, style: str) -> Text:
    return Text(escaped(text), style, no_wrap=True, overflow="ellipsis")


def _lines(shown: Table) -> int:
    return max(1, len(shown.rows or ()))


def _shares(wanted: Sequence[int], room: int) -> list[int]:
    """How many of the lines in `room` each table gets: those that want few get all that they want,
    and the others the same number of what is left; at least one line each."""
    shares = [0] * len(wanted)
    left = room
    for position, at in enumerate(sorted(range(len(wanted)), key=wanted.__getitem__)):
        shares[at] = max(1, min(wanted[at], left // (len(wanted) - position)))
        left -= shares[at]
    return shares


def _table(shown: Table, most: int, width: int, sorted_by: str) -> RenderableType:
    rows = list(shown.rows or ())
    if len(rows) > most:  # the last line says how many are missing
        rows = rows[: max(0, most - 1)]
    cells = {
        column: [str(cell) for cell in (column.cell(row) for row in rows)]
        for column in shown.columns
    }
    columns = fitting(cells, width)
    drawn = table.Table(box=None, padding=(0, _BETWEEN, 0, 0), pad_edge=False)
    room = width - _BETWEEN * (len(columns) - 1)
    widths = _cut([_width(each, cells[each]) for each in columns], room)
    for column, its_width in zip(columns, widths, strict=True):
        right = bool(rows) and isinstance(column.cell(rows[0]), int)
        drawn.add_column(
            Text(column.title, "bold reverse" if column.title == sorted_by else "bold"),
            justify="right" if right else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=its_width,
        )
    for number in range(len(rows)):
        drawn.add_row(*(Text(escaped(cells[column][number])) for column in columns))
    missing = len(shown.rows or ()) - len(rows)
    last = f"… and {missing} more" if missing else ""
    if shown.rows is None:
        last = "… the store has not told yet"
    elif not rows and not missing:
        last = shown.empty
    return Group(drawn, Text(last, "dim", no_wrap=True, overflow="ellipsis")) if last else drawn


def fitting(cells: dict[Column, list[str]], width: int) -> list[Column]:
    """The columns for which there is room in `width`, those of low rank first. Wide columns may be
    cut."""
    columns = list(cells)
    while len(columns) > 1 and _needed(columns, cells) > width:
        columns.remove(max(columns, key=lambda column: column.rank))
    return columns


def _needed(columns: Sequence[Column], cells: dict[Column, list[str]]) -> int:
    needed = sum(min(_LEAST, _width(column, cells[column])) for column in columns)
    return needed + _BETWEEN * (len(columns) - 1)


def _cut(widths: list[int], room: int) -> list[int]:
    """The widths of columns in `room`: what is missing is taken from the widest."""
    cut = list(widths)
    while sum(cut) > room and max(cut) > 1:
        cut[cut.index(max(cut))] -= 1
    return cut


def _width(column: Column, cells: Sequence[Any]) -> int:
    return max(map(cell_len, (column.title, *map(escaped, cells))))

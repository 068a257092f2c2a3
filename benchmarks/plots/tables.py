"""Tables in Markdown: a row for each name, a column for each part, and the ratios last.

A page has a table between two comments, `<!-- table: redis -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence

from ..figures import Found, Part
from ..report import comparisons, figure, median_ratio, short
from ..results import Run, Stored
from .catalogue import TABLES, Column
from .circumstances import by_machine, command, machine, versions

MARKED = re.compile(r"(?s)(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)")


def filled(page: str, stored: Mapping[str, Stored]) -> str:
    """The page with each of its tables made anew. Raises KeyError for a table that there is not."""
    return MARKED.sub(lambda found: found[1] + table(TABLES[found[2]], stored) + found[3], page)


def table(columns: Sequence[Column], stored: Mapping[str, Stored]) -> str:
    """Columns that have not been measured are left out; a name that has failed is in the table,
    with its error below."""
    shown = [
        (column, stored[column.key], point)
        for column in columns
        if column.key in stored and (point := _point(stored[column.key].part, column.x))
    ]
    if not shown:
        return "Not measured yet.\n"
    names = list(dict.fromkeys(name for _, _, point in shown for name in point.figures))
    rows = [["", *(column.title for column, _, _ in shown)]]
    rows += [["---", *("--:" for _ in shown)]]
    rows += [[name, *(_cell(point, name) for _, _, point in shown)] for name in names]
    labels = list(
        dict.fromkeys(
            label for _, each, point in shown for label, *_ in comparisons(each.part, point)
        )
    )
    for label in labels:
        cells = (_ratio(each.part, point, label) for _, each, point in shown)
        rows.append([f"*{names[0]} : {label}*", *cells])
    text = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    errors = dict.fromkeys(
        f"- {name} failed in *{column.title}*: `{short(error).replace('`', '')}`\n"
        for column, _, point in shown
        for name, error in point.errors.items()
    )
    runs = _circumstances([each.run for _, each, _ in shown])
    return "\n".join(filter(None, ("\n" + text, "".join(errors), runs))) + "\n"


def _point(part: Part, x: float | None) -> Found | None:
    return next((found for found in part.points if found.x == x), None)


def _cell(found: Found, name: str) -> str:
    if name not in found.figures:
        return ""
    rounds = found.figures[name]
    if not rounds:
        return "failed"
    text = figure(statistics.median(rounds))
    return f"{text}, then failed" if name in found.errors else text


def _ratio(part: Part, found: Found, label: str) -> str:
    own = next(iter(found.figures))
    for other, names, wanted in comparisons(part, found):
        if other == label and (ratio := median_ratio(found, own, names, part.less)) is not None:
            if wanted is None:
                return f"{ratio:.2f}"
            missed = ratio > wanted if part.less else ratio < wanted
            return f"{ratio:.2f} ({'≤' if part.less else '≥'} {wanted:g}{', missed' * missed})"
    return ""


def _circumstances(runs: Sequence[Run]) -> str:
    lines = []
    for group in by_machine(runs):
        lines += [f"Measured on {each}." for each in dict.fromkeys(map(_command, group))]
        lines.append(f"{machine(group[0])}; {versions(group)}.")
    return "\n".join(lines) + "\n"


def _command(run: Run) -> str:
    return command(run).replace(run.command, f"`{run.command}`")

"""Lines: one panel for each series, two beside each other, and each line named at its end."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from ..figures import Part
from ..report import short
from ..results import Stored
from .style import FAILED, GRID, INK, LINES, OWN, SMALL, WIDTH, Sheet, bare

HEIGHT = 3.5
LEFT, RIGHT, HEAD, FOOT = 0.8, 1.15, 0.3, 0.5
TITLE_SIZE = 8.5
"""Smaller than elsewhere: two of them stand next to each other."""
LABEL_POINTS = 9.5
"""Labels keep this distance from each other."""
ERROR_WIDTH = 64
EVEN = "even"
"""The scale that has all values at the same distance."""


def draw(title: str, subtitle: str, stored: Sequence[Stored], scales: tuple[str, str]) -> Sheet:
    """`scales` are those of x and y: linear, log, or EVEN for x."""
    columns = min(2, len(stored))
    rows = -(-len(stored) // columns)
    errors = [_errors(each.part) for each in stored]
    lines = [max(map(len, errors[row * columns : (row + 1) * columns])) for row in range(rows)]
    heights = [HEIGHT + 0.16 * count for count in lines]
    sheet = Sheet(title, subtitle, sum(heights), [each.run for each in stored])
    width = WIDTH / columns
    names = list(dict.fromkeys(name for each in stored for name in _names(each.part)))
    looks = {name: _look(number) for number, name in enumerate(names)}
    for number, each in enumerate(stored):
        row, column = divmod(number, columns)
        top = sum(heights[:row]) + HEAD
        size = width - LEFT - RIGHT, HEIGHT - HEAD - FOOT
        axes = sheet.panel(column * width + LEFT, top, *size)
        axes.set_xscale("linear" if scales[0] == EVEN else scales[0])
        axes.set_yscale(scales[1])
        axes.set_ylim(*_limits(stored, scales[1]))
        _panel(axes, each.part, looks, size[1] * 72, even=scales[0] == EVEN)
        for line, text in enumerate(errors[number]):
            offset = (0, -38 - 11 * line)
            axes.annotate(
                text,
                (0, 0),
                offset,
                xycoords="axes fraction",
                textcoords="offset points",
                size=SMALL,
                color=FAILED,
                annotation_clip=False,
            )
    return sheet


def _errors(part: Part) -> list[str]:
    """What each name that has failed somewhere has failed of, in at most two lines."""
    found: dict[str, tuple[list[str], str]] = {}
    for point in part.points:
        for name, error in point.errors.items():
            found.setdefault(name, ([], short(error)))[0].append(f"{point.x:,.10g}")
    lines: list[str] = []
    for name, (at, error) in found.items():
        text = f"{name} failed at {', '.join(at)}: {error}"
        lines += textwrap.wrap(text, ERROR_WIDTH, max_lines=2, placeholder=" …")
    return lines


def _names(part: Part) -> list[str]:
    return list(dict.fromkeys(name for point in part.points for name in point.figures))


def _limits(stored: Sequence[Stored], scale: str) -> tuple[float, float]:
    """Of y, the same for all panels, so that they can be compared."""
    medians = [
        statistics.median(rounds)
        for each in stored
        for point in each.part.points
        for rounds in point.figures.values()
        if rounds
    ]
    if scale == "linear":
        return 0, max(medians) * 1.08
    return min(medians) / 1.25, max(medians) * 1.25


def _panel(
    axes: Axes, part: Part, looks: dict[str, dict[str, Any]], points_high: float, even: bool
) -> None:
    bare(axes)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    xs = [point.x for point in part.points if point.x is not None]
    places = {x: float(number) if even else x for number, x in enumerate(xs)}
    ends: dict[str, tuple[float, float]] = {}
    for name in _names(part):
        line = [
            (places[point.x], statistics.median(rounds))
            for point in part.points
            if point.x is not None and (rounds := point.figures.get(name))
        ]
        if not line:
            continue
        ends[name] = line[-1]
        axes.plot(*zip(*line, strict=True), **looks[name], marker="o", clip_on=False)
    axes.set_xlim(places[min(xs)], places[max(xs)])
    axes.tick_params(pad=6)
    if axes.get_yscale() == "log":
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.set_xticks(list(places.values()), [f"{x:,.10g}" for x in places])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.set_xlabel(part.x or "")
    axes.set_title(f"{part.title}, {part.unit}", color=INK, pad=8, size=TITLE_SIZE)
    _name(axes, looks, ends, points_high)


def _look(number: int) -> dict[str, Any]:
    if number == 0:
        return {"color": OWN, "linewidth": 2.6, "markersize": 5, "zorder": 3}
    return {"color": LINES[(number - 1) % len(LINES)], "linewidth": 1.3, "markersize": 3}


def _name(
    axes: Axes,
    looks: dict[str, dict[str, Any]],
    ends: dict[str, tuple[float, float]],
    points_high: float,
) -> None:
    """Write each name where its line ends, moved up or down from the others."""
    to_points = axes.transData + axes.transAxes.inverted()
    wanted = {name: float(to_points.transform(end)[1]) * points_high for name, end in ends.items()}
    for name, height in spread(wanted, LABEL_POINTS, points_high).items():
        axes.annotate(
            name,
            (1, height / points_high),
            (7, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            size=SMALL + 0.5,
            color=looks[name]["color"],
            weight="bold" if looks[name]["color"] == OWN else "normal",
            annotation_clip=False,
        )


def spread(wanted: dict[str, float], distance: float, top: float) -> dict[str, float]:
    """The heights nearest to those wanted that are `distance` from each other: pushed up from the
    lowest, then down from `top`."""
    names = sorted(wanted, key=lambda name: wanted[name])
    heights: list[float] = []
    for name in names:
        heights.append(max(wanted[name], heights[-1] + distance if heights else wanted[name]))
    limit = top
    for number in reversed(range(len(heights))):
        heights[number] = min(heights[number], limit)
        limit = heights[number] - distance
    return dict(zip(names, heights, strict=True))

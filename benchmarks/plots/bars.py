"""Bars: one panel for each part, the names below each other, the best first."""

from __future__ import annotations

import statistics
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes

from ..figures import Found, Part
from ..report import figure, short
from ..results import Stored
from .style import FAILED, INK, OTHER, OWN, WIDTH, Sheet, bare

BAR = 0.24
"""Inches from one bar to the next."""
HEAD = 0.42
LEFT, RIGHT = 1.6, 1.2
LONGEST_ERROR = 95


def draw(title: str, subtitle: str, stored: Sequence[tuple[Stored, float | None]]) -> Sheet:
    """Each part at one value of its series, or at its only one if that is None."""
    panels = [(each.part, point(each.part, x)) for each, x in stored]
    heights = [HEAD + BAR * len(found.figures) for _part, found in panels]
    sheet = Sheet(title, subtitle, sum(heights), [each.run for each, _ in stored])
    top = 0.0
    for (part, found), height in zip(panels, heights, strict=True):
        axes = sheet.panel(LEFT, top + HEAD * 0.75, WIDTH - LEFT - RIGHT, height - HEAD)
        _panel(axes, part, found)
        top += height
    return sheet


def point(part: Part, x: float | None) -> Found:
    """What was found at `x`. Raises KeyError if the part has no such value."""
    for found in part.points:
        if found.x == x:
            return found
    raise KeyError(f"{part.key} has no {x}")


def _panel(axes: Axes, part: Part, found: Found) -> None:
    medians = {name: statistics.median(rounds) for name, rounds in found.figures.items() if rounds}
    failed = [name for name in found.figures if name not in medians]
    names = sorted(medians, key=lambda name: medians[name], reverse=not part.less) + failed
    own = next(iter(found.figures))
    longest = max(medians.values(), default=1.0)
    bare(axes)
    axes.set_xlim(0, longest)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xticks([])
    axes.set_yticks(range(len(names)), names)
    for number, (name, label) in enumerate(zip(names, axes.get_yticklabels(), strict=True)):
        label.set(color=INK, weight="bold" if name == own else "normal")
        axes.barh(number, medians.get(name, 0), height=0.66, color=OWN if name == own else OTHER)
        text, color = _label(name, found, medians)
        axes.annotate(
            text,
            (medians.get(name, 0), number),
            (5, 0),
            textcoords="offset points",
            va="center",
            color=color,
            annotation_clip=False,
        )
    axes.set_title(f"{part.title}, {part.unit}", color=INK, pad=5)


def _label(name: str, found: Found, medians: dict[str, float]) -> tuple[str, str]:
    if name in medians and name not in found.errors:
        return figure(medians[name]), INK
    error = short(found.errors.get(name, "no figure"))
    error = textwrap.shorten(error, LONGEST_ERROR, placeholder=" …")
    before = f"{figure(medians[name])}, then " if name in medians else ""
    return f"{before}failed: {error}", FAILED

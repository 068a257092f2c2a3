"""The look of all pictures: a light card, which reads on light and dark pages alike."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.transforms import Affine2D

from ..results import Run
from .circumstances import by_machine, command, machine, versions

WIDTH = 9.0
"""Inches; 72 units of the SVG each."""
CARD, EDGE, INK, FAINT, GRID = "#fbfbf9", "#d4d4ce", "#1f2328", "#66707b", "#e6e6e1"
OWN = "#0b63c5"
OTHER = "#a9b3bf"
FAILED = "#b3261e"
LINES = (
    *("#c2570c", "#2f7d32", "#8a3fa0", "#b08900", "#00838f", "#c2185b", "#5d4037"),
    *("#607d8b", "#7cb342", "#3949ab", "#ef6c00", "#455a64"),
)
"""The lines of the others, in the order of their names in the part."""
TITLE, TEXT, SMALL = 13.0, 9.5, 7.5
MARGIN = 0.25
CAPTION_LINE = 0.15
CAPTION_WIDTH = 160

matplotlib.rcParams.update(
    {
        # Letters as paths: they look alike wherever the picture is shown.
        "svg.fonttype": "path",
        # Or the names of its parts would be new each time.
        "svg.hashsalt": "lightjobs",
        "font.family": "DejaVu Sans",
        "font.size": TEXT,
        "text.color": INK,
        "axes.labelcolor": FAINT,
        "axes.edgecolor": EDGE,
        "axes.facecolor": "none",
        "axes.titlesize": TEXT,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "xtick.color": FAINT,
        "ytick.color": FAINT,
    }
)


class Sheet:
    """A picture in the making: its title, then panels from the top, and the caption below."""

    def __init__(self, title: str, subtitle: str, height: float, runs: Sequence[Run]) -> None:
        self._caption = caption(runs)
        self._foot = MARGIN + CAPTION_LINE * len(self._caption) + 0.1
        self._height = 0.85 + height + self._foot
        self.figure = Figure(figsize=(WIDTH, self._height))
        self._top = 0.85
        self._text(MARGIN, 0.36, title, size=TITLE, weight="bold")
        self._text(MARGIN, 0.6, subtitle, color=FAINT)
        for number, line in enumerate(self._caption):
            y = self._height - self._foot + 0.2 + CAPTION_LINE * number
            self._text(MARGIN, y, line, size=SMALL, color=FAINT)

    def panel(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes at so many inches from the left and below the title."""
        bottom = self._height - self._top - top - height
        return self.figure.add_axes(
            (left / WIDTH, bottom / self._height, width / WIDTH, height / self._height)
        )

    def save(self, path: Path, description: str) -> None:
        """As SVG, with a description that is not shown."""
        self._card()
        path.parent.mkdir(parents=True, exist_ok=True)
        metadata: dict[str, Any] = {
            "Date": None,
            "Creator": None,
            "Description": description,
        }
        self.figure.savefig(path, format="svg", transparent=True, metadata=metadata)
        text = path.read_text(encoding="utf-8")
        # matplotlib leaves blanks at the ends of lines.
        path.write_text("\n".join(map(str.rstrip, text.splitlines())) + "\n", encoding="utf-8")

    def _text(self, x: float, y: float, text: str, **more: Any) -> None:
        self.figure.text(x / WIDTH, 1 - y / self._height, text, **more)

    def _card(self) -> None:
        size = WIDTH * 72, self._height * 72
        points = Affine2D().scale(1 / size[0], 1 / size[1]) + self.figure.transFigure
        card = FancyBboxPatch(
            (3, 3),
            size[0] - 6,
            size[1] - 6,
            boxstyle="round,pad=0,rounding_size=8",
            facecolor=CARD,
            edgecolor=EDGE,
            transform=points,
            zorder=-1,
        )
        self.figure.add_artist(card)


def caption(runs: Sequence[Run]) -> list[str]:
    """When, by which commands, on what, and with which versions; for each machine."""
    lines: list[str] = []
    for group in by_machine(runs):
        lines += textwrap.wrap("; ".join(dict.fromkeys(map(command, group))), CAPTION_WIDTH)
        lines += textwrap.wrap(f"{machine(group[0])}; {versions(group)}", CAPTION_WIDTH)
    return lines


def bare(axes: Axes) -> None:
    """Leave out the frame."""
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)

"""Draws the pictures in docs/benchmarks/ and fills the tables in docs/benchmarks.md.

    python -m benchmarks.plots [--results FOLDER]

Both are made from the JSON in benchmarks/results/. A picture of which no part has been measured is
left as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from ..machine import ROOT
from ..options import RESULTS
from ..results import Stored
from . import bars, lines
from .catalogue import PICTURES, Bars, available, digest, results
from .tables import filled

PAGE = ROOT / "docs/benchmarks.md"
FOLDER = ROOT / "docs/benchmarks"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="a folder of JSON files")
    stored = results(parser.parse_args().results)
    for path in draw(stored, FOLDER):
        print(path.relative_to(ROOT))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), stored), encoding="utf-8")
    print(PAGE.relative_to(ROOT))


def draw(stored: Mapping[str, Stored], folder: Path) -> list[Path]:
    """Draw what has been measured; returns the files."""
    drawn = []
    for picture in PICTURES:
        shown = available(picture, stored)
        if not shown:
            continue
        if isinstance(picture, Bars):
            sheet = bars.draw(picture.title, picture.subtitle, shown)
        else:
            series = [each for each, _ in shown]
            sheet = lines.draw(picture.title, picture.subtitle, series, picture.scales)
        path = folder / f"{picture.name}.svg"
        sheet.save(path, digest(shown))
        drawn.append(path)
    return drawn


if __name__ == "__main__":
    main()

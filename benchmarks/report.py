"""What a benchmark prints: medians of the rounds, and ratios within a round."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from .figures import Found, Part

WIDTH = 22


def show(part: Part) -> None:
    """Print the medians, how the first name compares with the others, and who has failed."""
    print(f"{part.title}, {part.unit}")
    if part.x is None:
        for found in part.points:
            _plain(part, found)
    else:
        _series(part)


def _plain(part: Part, found: Found) -> None:
    medians = {
        name: statistics.median(figures) for name, figures in found.figures.items() if figures
    }
    for name, median in sorted(medians.items(), key=lambda item: item[1], reverse=not part.less):
        print(f"    {name:{WIDTH}}{figure(median):>12}")
    for name, error in found.errors.items():
        print(f"    {name:{WIDTH}}{'failed':>12}: {short(error)}")
    own = next(iter(found.figures))
    for label, others, wanted in comparisons(part, found):
        if (ratio := median_ratio(found, own, others, part.less)) is not None:
            print(f"    {own} is {ratio:.2f} of {label}{verdict(ratio, wanted, part.less)}")
    if part.target is not None and own in medians:
        end = verdict(medians[own], part.target, part.less)
        print(f"    {own} is {figure(medians[own])} {part.unit}{end}", flush=True)


def _series(part: Part) -> None:
    """A column for each value, a row for each name, and the ratios to the best other."""
    print(f"    {part.x:{WIDTH}}" + "".join(f"{point.x or 0:>12,.10g}" for point in part.points))
    names = list(dict.fromkeys(name for point in part.points for name in point.figures))
    for name in names:
        cells = [
            figure(statistics.median(found)) if (found := point.figures.get(name)) else "failed"
            for point in part.points
        ]
        print(f"    {name:{WIDTH}}" + "".join(f"{cell:>12}" for cell in cells))
    for point in part.points:
        for name, error in point.errors.items():
            print(f"    {name} at {point.x:,.10g}: {short(error)}")
    for label, _names, wanted in comparisons(part, part.points[0]):
        ratios = [_ratio_to(label, part, point) for point in part.points]
        cells = ["-" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
        row = "".join(f"{cell:>12}" for cell in cells)
        found = [ratio for ratio in ratios if ratio is not None]
        # The worst of the values has to reach what is wanted.
        end = verdict((max if part.less else min)(found), wanted, part.less) if found else ""
        print(f"    {f'of {label}':{WIDTH}}{row}{end}", flush=True)


def _ratio_to(label: str, part: Part, point: Found) -> float | None:
    for other, names, _wanted in comparisons(part, point):
        if other == label:
            return median_ratio(point, next(iter(point.figures)), names, part.less)
    return None


def comparisons(part: Part, found: Found) -> list[tuple[str, list[str], float | None]]:
    """What the first name is compared with: a label, the names, and the ratio wanted."""
    _own, *others = found.figures
    peers = [name for name in others if name not in part.apart]
    compared = [("the best other", peers, part.wanted)] if peers else []
    return compared + [(name, [name], ratio) for name, ratio in part.apart.items()]


def median_ratio(found: Found, own: str, others: Sequence[str], less: bool) -> float | None:
    """The median of the ratios within the rounds; None if there is no round that has both."""
    ratios = within_rounds(found, own, others, less)
    return statistics.median(ratios) if ratios else None


def within_rounds(found: Found, own: str, others: Sequence[str], less: bool) -> list[float]:
    """In each round, `own` against the best of those others that were not yet failed. Without those
    where the best is 0: processor time has steps, and nothing has a ratio to 0."""
    best = min if less else max
    ratios = []
    for number, mine in enumerate(found.figures.get(own, ())):
        rest = [found.figures.get(name, ())[number : number + 1] for name in others]
        if figures := [each[0] for each in rest if each]:
            other = best(figures)
            ratios += [mine / other] if other else []
    return ratios


def verdict(found: float, wanted: float | None, less: bool = False) -> str:
    """` (wanted >= 2)`, and MISSED if `found` is not; nothing when nothing is wanted."""
    if wanted is None:
        return ""
    sign, met = ("<=", found <= wanted) if less else (">=", found >= wanted)
    return f" (wanted {sign} {wanted:,.10g}){'' if met else '  MISSED'}"


def figure(value: float) -> str:
    """With three significant digits, or whole above 100."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}"


def short(error: str) -> str:
    """The last line of an error, which says what it is."""
    lines = [line for line in error.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no message"

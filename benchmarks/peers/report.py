"""What a benchmark prints: medians of the rounds, and ratios within a round."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

Figures = dict[str, list[float]]
"""For each name one figure of every round; the first name is the one that is compared."""


def show(
    title: str,
    figures: Figures,
    wanted: float | None,
    less: bool = False,
    apart: Mapping[str, float | None] | None = None,
) -> None:
    """Print the medians, and how the first compares with the best other; `less` is better. Who is
    `apart` is none of the others: it is compared with alone, and the ratio wanted is its own.
    None wants nothing."""
    print(title)
    medians = {name: statistics.median(found) for name, found in figures.items()}
    for name, median in sorted(medians.items(), key=lambda item: item[1], reverse=not less):
        digits = 0 if median > 100 else 2 if median > 1 else 3
        print(f"    {name:22}{median:12,.{digits}f}")
    apart = apart or {}
    own, *others = figures
    peers = [name for name in others if name not in apart]
    if peers:
        _compare(figures, own, peers, "the best other", wanted, less)
    for name, ratio in apart.items():
        _compare(figures, own, [name], name, ratio, less)


def verdict(found: float, wanted: float | None, less: bool = False) -> str:
    """` (wanted >= 2)`, and MISSED if `found` is not; nothing when nothing is wanted."""
    if wanted is None:
        return ""
    sign, met = ("<=", found <= wanted) if less else (">=", found >= wanted)
    return f" (wanted {sign} {wanted:g}){'' if met else '  MISSED'}"


def _compare(
    figures: Figures, own: str, others: Sequence[str], label: str, wanted: float | None, less: bool
) -> None:
    best = min if less else max
    rounds = zip(figures[own], *(figures[name] for name in others), strict=True)
    ratio = statistics.median(mine / best(rest) for mine, *rest in rounds)
    print(f"    {own} is {ratio:.2f} of {label}{verdict(ratio, wanted, less)}", flush=True)

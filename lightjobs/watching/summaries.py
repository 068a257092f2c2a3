"""What the history comes to: shares, means, percentiles and runs a minute."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..notes.observed import BOUNDS, SAMPLE, Rate, merged

MINUTE = 60

Summary = dict[str, Any]
"""`runs`, `done`, `retried`, `released`, `failed`: numbers of runs. `failing`: the share of runs
that ended with an error, whether an attempt followed or not. `mean`: seconds. `wait_p95`,
`duration_p95` and so on: see `percentile`. None where there were no runs."""


def percentile(parts: Sequence[int], percent: float) -> dict[str, float | None] | None:
    """Below which time `percent` of the runs in a distribution stayed. `at_most` is a bound that is
    sure: the upper one of the part it falls into, None for the last part, which has none. `about`
    lies between the bounds of the part as if its runs were spread evenly, and is the lower one in
    the last part. Both are in seconds. None without runs."""
    total = sum(parts)
    if not total:
        return None
    wanted, below = total * percent / 100, 0
    for at, count in enumerate(parts):
        if count and below + count >= wanted:
            lower = BOUNDS[at - 1] if at else 0.0
            if at == len(BOUNDS):
                return {"about": lower, "at_most": None}
            upper = BOUNDS[at]
            return {"about": lower + (upper - lower) * (wanted - below) / count, "at_most": upper}
        below += count
    raise AssertionError("unreachable")


def summary(rates: Iterable[Rate]) -> Summary:
    """What `rates` come to, taken together."""
    total = merged(rate for rate in rates if rate.handler != SAMPLE)
    return summary_of(total or Rate(MINUTE, 0, "", ""))


def summary_of(total: Rate) -> Summary:
    """What one rate comes to."""
    runs = total.runs
    return {
        "runs": runs,
        "done": total.done,
        "retried": total.retried,
        "released": total.released,
        "failed": total.failed,
        "failing": (total.retried + total.failed) / runs if runs else None,
        "mean": total.milliseconds / 1000 / runs if runs else None,
        **{
            f"{name}_p{percent}": percentile(parts, percent)
            for name, parts in (("wait", total.waits), ("duration", total.durations))
            for percent in (50, 95, 99)
        },
    }


def grouped(rates: Iterable[Rate], by: Callable[[Rate], str]) -> dict[str, list[Rate]]:
    """`rates` by what `by` says of each, without those that are samples of a queue."""
    groups: dict[str, list[Rate]] = {}
    for rate in rates:
        if rate.handler != SAMPLE:
            groups.setdefault(by(rate), []).append(rate)
    return groups


def runs_a_minute(rates: Iterable[Rate], now: float, minutes: int) -> float:
    """How many runs a minute there were in the last `minutes` and the part of one that has begun.
    `rates` are by the minute."""
    first = now // MINUTE * MINUTE - minutes * MINUTE
    runs = sum(rate.runs for rate in rates if rate.bucket >= first)
    return runs * MINUTE / (now - first)


def by_minute(rates: Iterable[Rate], now: float, minutes: int) -> list[int]:
    """The runs of each of the last `minutes`, the present one being the last. `rates` are by the
    minute."""
    first = int(now // MINUTE) - minutes + 1
    counts = [0] * minutes
    for rate in rates:
        at = rate.bucket // MINUTE - first
        if 0 <= at < minutes:
            counts[at] += rate.runs
    return counts

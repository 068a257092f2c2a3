"""Charts of the history: the numbers to draw, and the same in longer steps for a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..engines.version_changes import VersionChange
from ..notes.observed import Rate, merged
from ..watching.summaries import MINUTE, Summary, summary_of

Chart = dict[str, Any]
"""`name`, `title`, and `unit` of its values ("a minute", "share", "seconds" or "jobs"). `log`:
whether its axis is logarithmic. `from`: the moment at which its first bucket begins; `step`: the
length of each; `count`: their number; `unfinished`: the moment at which the one begins that has not
ended. `at` has the places of the buckets of which something is known, and each of `series`, with
`name` and `label`, has in `values` what is known of those; None is nothing. `gap` is what holds for
the other buckets.

`marks` are the moments `at` from which on most workers ran another `version` of lightjobs.

`rows` are those of the table, the latest first: each has the moment `at` at which it begins, and
its `values` in the order of the series. Percentiles are there as `percentile` gives them."""

OUTCOMES = ("done", "retried", "released", "failed")

PERCENTILES = (50, 95, 99)


class Window(NamedTuple):
    """The time that charts show."""

    first: int
    """When the first bucket begins, in unix seconds."""
    step: int
    """The length of the buckets in seconds."""
    number: int
    """The number of the buckets. The last one has not ended."""
    row: int
    """The length of what a row of the tables covers, in seconds."""
    now: float

    @property
    def unfinished(self) -> int:
        """When the last bucket begins."""
        return self.first + (self.number - 1) * self.step


def window(now: float, seconds: int, step: int, row: int) -> Window:
    """The last `seconds` in buckets of `step`, the present one being the last."""
    number = seconds // step
    return Window(int(now // step) * step - (number - 1) * step, step, number, row, now)


class _Shown(NamedTuple):
    rate: Rate
    total: Summary
    minutes: float
    """How much of it has passed."""


class Charts:
    """Makes charts of `found`, the sums of the buckets of one history, for those of `window`."""

    def __init__(
        self, found: Sequence[Rate], window: Window, changes: Sequence[VersionChange] = ()
    ) -> None:
        self._window = window
        self._marks = [each._asdict() for each in changes if window.first < each.at <= window.now]
        self._buckets = [self._shown(rate.bucket, [rate], window.step) for rate in found]
        rows: dict[int, list[Rate]] = {}
        for rate in found:
            rows.setdefault(rate.bucket // window.row * window.row, []).append(rate)
        self._rows = [self._shown(at, rows[at], window.row) for at in sorted(rows, reverse=True)]

    def runs(self) -> Chart:
        """Runs a minute by outcome."""
        return self._chart(
            "runs",
            "Runs a minute",
            "a minute",
            {name: _rate_of(name) for name in OUTCOMES},
            gap=0,
        )

    def failing(self) -> Chart:
        """The share of the runs that ended with an error."""
        series: _Series = {"failing": lambda shown: shown.total["failing"]}
        return self._chart("failing", "Failing runs", "share", series)

    def wait(self, percents: Sequence[int] = PERCENTILES) -> Chart:
        """How long runs waited."""
        return self._percentiles("wait", "Wait", percents)

    def duration(self) -> Chart:
        """How long runs took."""
        return self._percentiles("duration", "Duration", PERCENTILES)

    def depth(self) -> Chart:
        """How many jobs were due."""
        return self._chart("depth", "Due jobs", "jobs", {"depth": lambda shown: shown.rate.depth})

    def latency(self) -> Chart:
        """For how long the oldest due job had been due."""
        series: _Series = {"latency": lambda shown: shown.rate.latency}
        return self._chart("latency", "Latency", "seconds", series)

    def _percentiles(self, measure: str, title: str, percents: Sequence[int]) -> Chart:
        series = {f"p{each}": _total_of(f"{measure}_p{each}") for each in percents}
        return self._chart(measure, title, "seconds", series) | {"log": True}

    def _chart(
        self, name: str, title: str, unit: str, series: _Series, gap: int | None = None
    ) -> Chart:
        window = self._window
        return {
            "name": name,
            "title": title,
            "unit": unit,
            "log": False,
            "gap": gap,
            "from": window.first,
            "step": window.step,
            "count": window.number,
            "unfinished": window.unfinished,
            "at": [(shown.rate.bucket - window.first) // window.step for shown in self._buckets],
            "series": [
                {"name": each, "values": [_drawn(value(shown)) for shown in self._buckets]}
                for each, value in series.items()
            ],
            "marks": self._marks,
            "rows": [
                {"at": shown.rate.bucket, "values": [value(shown) for value in series.values()]}
                for shown in self._rows
            ],
        }

    def _shown(self, at: int, rates: Sequence[Rate], length: int) -> _Shown:
        rate = merged(rates)
        assert rate is not None
        since, until = max(at, self._window.first), min(at + length, self._window.now)
        minutes = max(0.0, until - since) / MINUTE
        return _Shown(rate._replace(bucket=at), summary_of(rate), minutes)


_Series = dict[str, Callable[[_Shown], Any]]


def _rate_of(outcome: str) -> Callable[[_Shown], float | None]:
    """Runs a minute with `outcome`. What has hardly begun tells nothing of that."""

    def rate(shown: _Shown) -> float | None:
        runs: int = shown.total[outcome]
        return round(runs / shown.minutes, 2) if shown.minutes * MINUTE >= _LEAST else None

    return rate


_LEAST = 20.0
"""Workers note their runs every ten seconds."""


def _total_of(name: str) -> Callable[[_Shown], Any]:
    return lambda shown: shown.total[name]


def _drawn(value: Any) -> float | None:
    """A value as a line shows it: of a percentile the place within its part."""
    if value is None:
        return None
    number: float = value["about"] if isinstance(value, dict) else value
    return round(number, 4)

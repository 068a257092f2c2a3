"""How long `strtotime` takes: `python benchmarks/strtotime.py`.

Prints microseconds per call for common expressions, with the parse cached (as in a program
that uses the same few texts) and not cached, and for hostile texts, the slowest first. None of them
should take more than 5 milliseconds; tests count steps instead, which do not depend on the load.
Each time is the best of several rounds, so other work on the machine hardly counts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from time import perf_counter
from zoneinfo import ZoneInfo

from lightjobs import strtotime as module
from lightjobs.strtotime import strtotime

ROUNDS = 7
CALLS = 2000

EXPRESSIONS = (
    "now",
    "+30 seconds",
    "+5 minutes",
    "+1 day",
    "tomorrow",
    "next month",
    "@1700000000.5",
    "2026-12-31 23:59:59",
    "2026-12-31T23:59:59+01:00",
    "third friday of january 2027 09:30",
    "+1 week 2 days 4 hours 2 seconds",
)
HOSTILE = {
    "1 MB of letters": "x" * 1_000_000,
    "1 MB of blanks": " " * 1_000_000,
    "1 MB of emoji": "🙂" * 1_000_000,
    "1 MB of lone surrogates": "\ud800" * 1_000_000,
    "64 KB of blanks": " " * 65_536,
    "585 relative units": "+1 day " * 585,
    "1365 times milliseconds": "1ms" * 1365,
    "819 years": "1960 " * 819,
    "4096 digits": "9" * 4096,
    "4096 signs": "+-" * 2048,
    "2048 dots": ". " * 2048,
    "month and 4000 separators": "jan" + ".- \t" * 1000,
    "4000 digits of a fraction": "10:00:00." + "1" * 4000,
    "NUL bytes": "\0" * 4096,
}


def best_microseconds(call: Callable[[], object], calls: int) -> float:
    """The time of one call, from the fastest of several rounds of `calls`."""
    rounds = []
    for _ in range(ROUNDS):
        start = perf_counter()
        for _ in range(calls):
            call()
        rounds.append((perf_counter() - start) / calls)
    return min(rounds) * 1e6


def reading(expression: str, base: datetime, *, cached: bool = True) -> Callable[[], None]:
    """A call of `strtotime` that takes a refusal for an answer."""

    def call() -> None:
        if not cached:
            module._cached_parse.cache_clear()
        with suppress(ValueError):
            strtotime(expression, base)

    return call


def main() -> None:
    base = datetime(2026, 5, 13, 13, 14, 15, tzinfo=ZoneInfo("Europe/Paris"))
    print(f"{'expression':<40}{'cached µs':>12}{'uncached µs':>14}")
    for expression in EXPRESSIONS:
        cached = best_microseconds(reading(expression, base), CALLS)
        uncached = best_microseconds(reading(expression, base, cached=False), CALLS)
        print(f"{expression:<40}{cached:>12.1f}{uncached:>14.1f}")
    print()
    times = {name: best_microseconds(reading(text, base), 1) for name, text in HOSTILE.items()}
    for name, time in sorted(times.items(), key=lambda item: -item[1]):
        print(f"{name:<40}{time:>12.1f} µs")


if __name__ == "__main__":
    main()

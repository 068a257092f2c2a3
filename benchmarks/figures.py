"""The figures of one part of a benchmark, and the errors of those that have failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Measured = TypeVar("Measured")


class Failed(Exception):
    """A peer did not do what was measured; the message says how it ended."""


@dataclass
class Found:
    """The figures of each name, one for each round, and the errors of those that have failed; at
    `x` if the part is a series."""

    figures: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    x: float | None = None

    def take(self, name: str, measure: Callable[[], float]) -> None:
        """Measure `name` once more, unless it has failed before."""
        figures = self.figures.setdefault(name, [])
        if (figure := attempt(name, measure, self.errors)) is not None:
            figures.append(figure)


def attempt(name: str, measure: Callable[[], Measured], errors: dict[str, str]) -> Measured | None:
    """What `measure` returns; None if it raises, with the reason in `errors`, and None without
    calling it if `name` is there already."""
    if name in errors:
        return None
    try:
        return measure()
    except Exception as error:
        errors[name] = str(error) if isinstance(error, Failed) else f"{error!r}"
        print(f"    {name} has failed: {errors[name]}", flush=True)
    return None


@dataclass
class Part:
    """One table or picture: `unit` of the figures, and whether `less` is better.

    `wanted` is the ratio of the first name to the best other that is to be reached. A name in
    `apart` is not one of the others: it is compared alone, and has a wanted ratio of its own. None
    wants nothing. `target` is a figure that the first name itself is to reach.
    """

    key: str
    title: str
    unit: str
    points: Sequence[Found]
    wanted: float | None = None
    less: bool = False
    apart: Mapping[str, float | None] = field(default_factory=dict)
    target: float | None = None
    x: str | None = None

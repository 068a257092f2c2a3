"""What is measured at one moment, before it is written in any format: families of samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ..notes.observed import BOUNDS

Kind = Literal["counter", "gauge", "histogram"]

BOUND_NAMES = (*map(repr, BOUNDS), "+Inf")
"""The upper bounds of a histogram's buckets, as the label `le` has them in both formats."""


class Distribution(NamedTuple):
    """How many of some runs belong to each part of BOUNDS, and the seconds of all together."""

    counts: Sequence[int]
    seconds: float


class Family:
    """A metric with all its series."""

    def __init__(self, name: str, kind: Kind, help: str, labels: Sequence[str] = ()) -> None:
        """`name` is without the `_total` of a counter."""
        self.name = name
        self.kind = kind
        self.help = help
        self.labels = tuple(labels)
        self.samples: list[tuple[tuple[str, ...], float | Distribution]] = []
        """For each series the values of `labels`, and its value."""

    def add(self, value: float | Distribution, *labels: str) -> None:
        """Add a series."""
        self.samples.append((labels, value))


def gauge(name: str, help: str, value: float) -> Family:
    """A gauge without labels."""
    family = Family(name, "gauge", help)
    family.add(value)
    return family


def handler_label(handler: str) -> str:
    """The stored name of a handler as label values have it: `App.Jobs.SendMail`."""
    return handler.replace("\\", ".")

"""Families as text: in the format of Prometheus 0.0.4, and in that of OpenMetrics 1.0.0.

They are written here and not by `prometheus_client` because that takes 20 to 40 ms for 200 pairs of
queue and handler, and the process that is scraped shares its processor with the jobs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import accumulate

from .families import BOUND_NAMES, Distribution, Family

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"

END = "# EOF\n"
"""The last line of a text in the format OPEN."""


def content_type(accept: str) -> str:
    """The format for an HTTP header Accept: PLAIN or OPEN."""
    kinds = [each.partition(";")[0].strip().lower() for each in accept.split(",")]
    return OPEN if "application/openmetrics-text" in kinds else PLAIN


def text(families: Iterable[Family], format: str = PLAIN) -> str:
    """The text of `families` in `format`, one of PLAIN and OPEN."""
    is_open = format == OPEN
    lines = [line for family in families for line in _lines(family, is_open)]
    return "".join([f"{line}\n" for line in lines]) + (END if is_open else "")


def _lines(family: Family, is_open: bool) -> Iterator[str]:
    is_counter = family.kind == "counter"
    series = f"{family.name}_total" if is_counter else family.name
    named = family.name if is_open else series
    yield f"# HELP {named} {_escaped(family.help)}"
    yield f"# TYPE {named} {family.kind}"
    starts = [f'{label}="' for label in family.labels]
    for values, value in family.samples:
        pairs = zip(starts, values, strict=True)
        labels = ",".join([f'{start}{_escaped(value)}"' for start, value in pairs])
        if isinstance(value, Distribution):
            yield from _histogram(series, labels, value)
        else:
            yield (
                f"{series}{{{labels}}} {_number(value)}" if labels else f"{series} {_number(value)}"
            )


def _histogram(series: str, labels: str, value: Distribution) -> Iterator[str]:
    start = f'{series}_bucket{{{labels}{"," if labels else ""}le="'
    count = 0
    for bound, count in zip(BOUND_NAMES, accumulate(value.counts), strict=True):
        yield f'{start}{bound}"}} {count}'
    of = f"{{{labels}}}" if labels else ""
    yield f"{series}_sum{of} {_number(value.seconds)}"
    yield f"{series}_count{of} {count}"


def _escaped(text: str) -> str:
    # A lone surrogate, which a stored name may have, cannot be written as UTF-8.
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _number(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)

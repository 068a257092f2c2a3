"""The history in Redis: a hash for each bucket, from the name of a row to its numbers.

The name is a JSON list of queue and handler. The numbers are text with commas between them: how
many runs ended in each way, the milliseconds, the depth, the latency, and the two distributions. A
count of 0 is left empty, so most rows take some forty bytes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from ...notes.observed import OTHER, PARTS, SAMPLE, SPANS, Rate, Sums, counted, sums
from .rows import text

_COUNTS = 5
"""How many counts come first; the depth and the latency follow. note_rates.lua has these places."""

_LENGTH = _COUNTS + 2 + 2 * PARTS

_SAMPLE = f",{json.dumps(SAMPLE)}]"
"""How the names of samples end."""

_TOGETHER = 50
"""Rows of a handler are added up once there are more."""

Name = tuple[str, str]

Numbers = list[int]
"""The numbers of a row; those that are missing at its end are 0."""


def noted(rates: Sequence[Rate]) -> list[str]:
    """`rates` as note_rates.lua takes them."""
    buckets: dict[tuple[int, int], list[Rate]] = defaultdict(list)
    for rate in rates:
        buckets[rate.span, rate.bucket].append(rate)
    words: list[str] = []
    for (span, bucket), rows in buckets.items():
        words += (str(span), str(bucket), str(SPANS[span]), str(len(rows)))
        for rate in rows:
            words += ("".join(name_parts(rate.queue, rate.handler)), _numbers(rate))
    return words


def name_parts(queue: str | None, handler: str | None) -> Name:
    """How the names of the rows of a queue begin, and how those of a handler end; "" for any. In
    JSON neither part can stand anywhere else in a name."""
    head = "" if queue is None else f"[{json.dumps(queue)}"
    tail = "" if handler is None else f",{json.dumps(handler)}]"
    return head, tail


def _numbers(rate: Rate) -> str:
    counts = (rate.done, rate.retried, rate.released, rate.failed, rate.milliseconds)
    highest = ("" if each is None else repr(each) for each in (rate.depth, rate.latency))
    parts = (*rate.durations, *rate.waits)
    numbers = (*_counted(counts), *highest, *_counted(parts))
    return ",".join(numbers).rstrip(",")


def _counted(counts: Iterable[int]) -> Iterable[str]:
    return (str(count) if count else "" for count in counts)


class Bucket(NamedTuple):
    """The rows of a bucket as they are stored."""

    at: int
    """When it begins, in unix seconds."""
    names: list[str]
    numbers: list[str]


def buckets_of(reply: Sequence[bytes]) -> Iterator[Bucket]:
    """What rates.lua returned."""
    words = iter(reply)
    for at, rows in zip(words, words, strict=True):
        lines = text(rows).split("\n")
        yield Bucket(int(at), lines[::2], lines[1::2])


def rates_of(span: int, bucket: Bucket) -> Iterator[Rate]:
    """The rates of a bucket."""
    for name, numbers in zip(bucket.names, bucket.numbers, strict=True):
        queue, handler = json.loads(name)
        words = numbers.split(",")
        words += [""] * (_LENGTH - len(words))
        depth, latency = words[_COUNTS : _COUNTS + 2]
        words[_COUNTS : _COUNTS + 2] = "", ""
        yield _rate(
            span,
            bucket.at,
            queue,
            handler,
            [int(word or 0) for word in words],
            int(depth) if depth else None,
            float(latency) if latency else None,
        )


def sums_of(span: int, buckets: Iterable[Bucket]) -> Sums:
    """What the rates of the buckets come to. Their numbers are added up before there are Rates: to
    make one of each row takes several times as long."""
    totals: list[Rate] = []
    handlers: dict[str, list[Numbers]] = defaultdict(list)
    for bucket in buckets:
        runs, samples = _without_samples(bucket)
        rows = _read(runs.numbers)
        of_runs = _rate(span, bucket.at, "", OTHER, _added(rows))
        totals += sums([of_runs, *rates_of(span, samples)]).buckets
        for name, row in zip(runs.names, rows, strict=True):
            handlers[_handler(name)].append(row)
        for handler, many in handlers.items():
            if len(many) > _TOGETHER:
                handlers[handler] = [_added(many)]
    of_handlers = [_rate(span, 0, "", name, _added(rows)) for name, rows in handlers.items()]
    return Sums(totals, sorted(of_handlers, key=lambda rate: rate.handler))


def _without_samples(bucket: Bucket) -> tuple[Bucket, Bucket]:
    """The rows that count runs, and the samples of queues."""
    runs, samples = Bucket(bucket.at, [], []), Bucket(bucket.at, [], [])
    for name, numbers in zip(bucket.names, bucket.numbers, strict=True):
        part = samples if name.endswith(_SAMPLE) else runs
        part.names.append(name)
        part.numbers.append(numbers)
    return runs, samples


@lru_cache(maxsize=4096)
def _handler(name: str) -> str:
    """Cached, since each bucket has much the same names."""
    handler: str = json.loads(name)[1]
    return handler


def _read(texts: Sequence[str]) -> list[Numbers]:
    """The numbers of rows that are not samples, from 1 to all of a row, read as one JSON text."""
    if not texts:
        return []
    joined = f"[[{'],['.join(texts)}]]"
    while ",," in joined:
        joined = joined.replace(",,", ",0,")
    rows: list[Numbers] = json.loads(joined.replace("[,", "[0,"))
    return rows


def _added(rows: Iterable[Numbers]) -> Numbers:
    return list(map(sum, zip_longest(*rows, fillvalue=0)))


def _rate(
    span: int,
    bucket: int,
    queue: str,
    handler: str,
    numbers: Sequence[float],
    depth: int | None = None,
    latency: float | None = None,
) -> Rate:
    """A rate with as many of the numbers of its row as there are."""
    counts = [*map(int, numbers), *[0] * (_LENGTH - len(numbers))]
    del counts[_COUNTS : _COUNTS + 2]  # the depth and the latency
    return counted(span, bucket, queue, handler, counts, depth, latency)

"""What is seen of workers and of their runs: the history's rates, and workers with their notes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

_Number = TypeVar("_Number", int, float)

SPANS: Mapping[int, int] = {60: 8 * 3600, 600: 3 * 86_400, 3600: 35 * 86_400}
"""The lengths of the history's buckets in seconds, and for how many seconds each is kept. Every run
is counted in one bucket of each length."""

BOUNDS = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
)
"""The upper bounds, in seconds, of the parts of a distribution. A last part holds what is above."""

PARTS = len(BOUNDS) + 1
"""The number of parts of a distribution."""

NOTHING = (0,) * PARTS
"""A distribution of no runs."""

OTHER = "other"
"""The handler under which runs are counted once a bucket has MOST_PAIRS pairs."""

MOST_PAIRS = 200
"""The number of pairs of queue and handler that are counted apart from each other."""

SAMPLE = ""
"""The handler of the rates that hold a queue's depth and latency and count no runs."""


class Rate(NamedTuple):
    """What was counted of a handler's runs from a queue in one bucket, or a sample of the queue."""

    span: int
    """The length of the bucket in seconds: a key of SPANS."""
    bucket: int
    """When the bucket begins, in unix seconds: a multiple of `span`."""
    queue: str
    handler: str
    """The stored name; SAMPLE for a sample of the queue, which counts no runs."""
    done: int = 0
    """Runs that succeeded."""
    retried: int = 0
    """Runs that ended with an error and will be repeated."""
    released: int = 0
    """Runs that asked to be repeated, or met a rate limit."""
    failed: int = 0
    """Runs after which the job failed for good."""
    milliseconds: int = 0
    """How long the runs took in all."""
    durations: tuple[int, ...] = NOTHING
    """How many runs took as long as each part of BOUNDS says."""
    waits: tuple[int, ...] = NOTHING
    """How many runs waited as long, from the time they were due to the time they started."""
    depth: int | None = None
    """The most jobs that were seen due at once; None where no sample was taken."""
    latency: float | None = None
    """The highest age in seconds that the oldest due job was seen to have; None likewise."""

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.done + self.retried + self.released + self.failed


def part_of(seconds: float) -> int:
    """The number of the part of a distribution that `seconds` belong to."""
    return bisect_left(BOUNDS, seconds)


def merged(rates: Iterable[Rate]) -> Rate | None:
    """`rates` as one, which has the span, bucket, queue and handler of the first: counts are added,
    and of depths and latencies the highest is taken. None when there are none."""
    every = list(rates)
    if len(every) < 2:
        return every[0] if every else None
    # One column after the other: there may be tens of thousands.
    return every[0]._replace(
        done=sum([rate.done for rate in every]),
        retried=sum([rate.retried for rate in every]),
        released=sum([rate.released for rate in every]),
        failed=sum([rate.failed for rate in every]),
        milliseconds=sum([rate.milliseconds for rate in every]),
        durations=_sums(*[rate.durations for rate in every]),
        waits=_sums(*[rate.waits for rate in every]),
        depth=_highest([rate.depth for rate in every]),
        latency=_highest([rate.latency for rate in every]),
    )


def added(first: Rate, second: Rate) -> Rate:
    """`first` with the counts of `second` added, and the higher depth and latency of the two."""
    total = merged((first, second))
    assert total is not None
    return total


def counted(
    span: int,
    bucket: int,
    queue: str,
    handler: str,
    counts: Sequence[int],
    depth: int | None = None,
    latency: float | None = None,
) -> Rate:
    """A rate whose numbers are one sequence, as stores have them: done, retried, released, failed,
    the milliseconds, the durations and the waits."""
    done, retried, released, failed, milliseconds, *parts = counts
    return Rate(
        span,
        bucket,
        queue,
        handler,
        done,
        retried,
        released,
        failed,
        milliseconds,
        durations=tuple(parts[:PARTS]),
        waits=tuple(parts[PARTS:]),
        depth=depth,
        latency=latency,
    )


class Sums(NamedTuple):
    """What rates of one span come to. Each list has the rates added up, with "" for the names that
    are not told apart."""

    buckets: list[Rate]
    """One for each bucket, ordered by it. The depth is that of all queues together."""
    handlers: list[Rate]
    """One for each handler that ran, ordered by it, without depths and latencies."""


def sums(rates: Iterable[Rate]) -> Sums:
    """What `rates` come to. Their samples are in the sums of the buckets alone."""
    buckets: dict[int, list[Rate]] = {}
    handlers: dict[str, list[Rate]] = {}
    for rate in rates:
        buckets.setdefault(rate.bucket, []).append(rate)
        if rate.handler != SAMPLE:
            handlers.setdefault(rate.handler, []).append(rate)
    return Sums(
        [_sum(buckets[at], handler=SAMPLE, depth=_depth(buckets[at])) for at in sorted(buckets)],
        [_sum(handlers[name], bucket=0, depth=None, latency=None) for name in sorted(handlers)],
    )


def _sum(rates: Sequence[Rate], **fields: Any) -> Rate:
    total = merged(rates)
    assert total is not None
    return total._replace(queue="", **fields)


def _depth(rates: Iterable[Rate]) -> int | None:
    depths = [rate.depth for rate in rates if rate.depth is not None]
    return sum(depths) if depths else None


def _sums(*distributions: Sequence[int]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*distributions, strict=True)))


def _highest(numbers: Iterable[_Number | None]) -> _Number | None:
    return max((each for each in numbers if each is not None), default=None)


class Running(NamedTuple):
    """A run that a worker notes."""

    id: str
    handler: str
    queue: str
    attempt: int
    since: float
    """Unix seconds by the worker's clock."""


class WorkerNote(NamedTuple):
    """What a worker says of itself. Times are unix seconds by the worker's clock."""

    host: str
    pid: int
    parent: int
    """The process id of the supervisor; 0 if there is none."""
    version: str
    """The version of lightjobs."""
    python: str
    since: float
    """When it started."""
    lease: float
    """The seconds for which each of its beats extends its lease."""
    queues: tuple[str, ...]
    concurrency: int
    """The number of its places: how many jobs it runs at the same time."""
    state: str
    """starting, working, idle or stopping."""
    memory: int
    """Resident memory in bytes."""
    busy: int
    """How many of its places run a job."""
    ended: Mapping[str, int]
    """The number of its runs that have ended so far, by outcome."""
    running: tuple[Running, ...]
    """Its longest runs, the longest first, as far as they have lasted for half a second."""


class Worker(NamedTuple):
    """A registered worker, as the store has it."""

    name: str
    lease_left: float
    """Seconds until its lease ends by the store's clock; negative once it has ended."""
    note: WorkerNote | None
    """None for a worker that has noted nothing (yet): an older version, or PHP."""

    @property
    def silent_for(self) -> float | None:
        """Seconds since its last beat; None where it has noted nothing."""
        return None if self.note is None else max(0.0, self.note.lease - self.lease_left)

    @property
    def is_silent(self) -> bool:
        """Whether its beat is overdue: one is due every third of a lease."""
        silent = self.silent_for
        if self.note is None or silent is None:
            return self.lease_left < 0
        return silent > self.note.lease * 2 / 3

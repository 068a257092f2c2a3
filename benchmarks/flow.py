"""What unique jobs, groups and batches cost beside plain jobs, at the seam, on each store.

    python -m benchmarks.flow [--jobs N] [--rounds N] [--only sqlite,redis,postgresql,mariadb]

In each round plain jobs and the others have turns on an emptied store. A ratio is the rate of the
others by that of plain jobs in the same round; the median of the rounds is shown, with the least
and the most. All is done by one thread of this process: pushes of 1,000, and claims and settlements
of 100. `--groups N` spreads the jobs over so many groups, `--waiting N` puts so many before them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from lightjobs import current
from lightjobs.engines.control import Engine
from lightjobs.engines.moves import PURGEABLE
from lightjobs.engines.where import Where
from lightjobs.model import BATCH_OPTION, Done, Flow, NewBatch, NewJob, Unique
from lightjobs.settings.settings import load

from .regress.stores import STORES

PUSH, CLAIM = 1000, 100
WANTED = {"unique push": 0.7, "single unique push": 0.7, "groups": 0.8, "batch": 0.9}


def main() -> None:
    options = _options()
    for name in options.only.split(","):
        connect, _ = STORES[name]
        with connect() as store:
            store.empty()
            os.environ.update(store.environment)
            engine = _engine()
            for what, rates in _rounds(engine, store.empty, options):
                ratios = [own / plain for own, plain in rates]
                own = statistics.median(own for own, _ in rates)
                plain = statistics.median(plain for _, plain in rates)
                print(
                    f"{name:11} {what:18} {own:9,.0f}/s  plain {plain:9,.0f}/s  "
                    f"ratio {statistics.median(ratios):.2f} "
                    f"({min(ratios):.2f} to {max(ratios):.2f})  wanted {WANTED[what]}",
                    flush=True,
                )
            engine.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--waiting", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="sqlite,redis,postgresql,mariadb")
    return parser.parse_args()


def _engine() -> Engine:
    current.use(None)
    from lightjobs import env

    env.forget()
    engine = current.engine()
    if engine.schema is not None:
        engine.schema.install()
    assert load() is not None
    return engine


Rates = list[tuple[float, float]]


def _rounds(
    engine: Engine, empty: Callable[[], object], options: argparse.Namespace
) -> Iterator[tuple[str, Rates]]:
    """For each thing measured its rates and those of plain jobs, round by round."""
    count = options.jobs

    def rate(work: Callable[[], int]) -> float:
        begun = time.perf_counter()
        done = work()
        return done / (time.perf_counter() - begun)

    def turns(own: Callable[[], float], plain: Callable[[], float]) -> Rates:
        found = []
        for number in range(options.rounds):
            calls = (own, plain) if number % 2 else (plain, own)
            figures = []
            for call in calls:
                empty()
                _prepare(engine)
                figures.append(call())
            found.append((figures[0], figures[1]) if number % 2 else (figures[1], figures[0]))
        return found

    def pushing(make: Callable[[int], list[NewJob]], number: int, size: int) -> Callable[[], float]:
        # New keys each time: a file of SQLite is not emptied between the rounds.
        return lambda: rate(partial(_push, engine, make(number), size))

    plain = _plain(count)
    some = max(200, count // 20)
    yield "unique push", turns(pushing(_unique, count, PUSH), pushing(_plain, count, PUSH))
    yield "single unique push", turns(pushing(_unique, some, 1), pushing(_plain, some, 1))

    def drained(jobs: Sequence[NewJob]) -> Callable[[], float]:
        def drain() -> float:
            _push(engine, jobs, PUSH)
            return rate(lambda: _drain(engine, count, None))

        return drain

    def drained_batch() -> float:
        batch = f"b{time.time_ns()}"
        options = f'{{"{BATCH_OPTION}":"{batch}"}}'
        part = _job(Flow(batch=batch))._replace(options=options)
        engine.batches.push(NewBatch(batch), [part] * count)
        return rate(lambda: _drain(engine, count, batch))

    groups = [_job(Flow(group=f"g{number % options.groups}")) for number in range(count)]
    waiting = [_job(Flow(group=f"g{n % options.groups}")) for n in range(options.waiting)]
    behind = [_job() for _ in range(options.waiting)]
    yield "groups", turns(drained([*waiting, *groups]), drained([*behind, *plain]))
    yield "batch", turns(drained_batch, drained([_job(options="{}") for _ in range(count)]))


def _plain(count: int) -> list[NewJob]:
    return [_job() for _ in range(count)]


def _unique(count: int) -> list[NewJob]:
    """Jobs whose keys nobody has had."""
    prefix = f"k{time.time_ns()}-"
    return [_job(Flow(Unique(f"{prefix}{number}", "active", 600.0))) for number in range(count)]


def _job(flow: Flow | None = None, options: str | None = None) -> NewJob:
    return NewJob("Bench", "default", '{"n":1}', options=options, flow=flow)


def _prepare(engine: Engine) -> None:
    if engine.schema is not None:
        engine.schema.install()
    for status in PURGEABLE:  # the file of SQLite was not emptied
        engine.purge(Where(status=status))


def _push(engine: Engine, jobs: Sequence[NewJob], size: int) -> int:
    for start in range(0, len(jobs), size):
        engine.push(jobs[start : start + size])
    return len(jobs)


def _drain(engine: Engine, count: int, batch: str | None) -> int:
    """Claim and settle `count` jobs."""
    worker = f"bench-{time.time_ns()}"
    engine.register(worker, 600.0)
    left = count
    while left > 0:
        claims = engine.claim(worker, ["default"], min(CLAIM, left))
        assert claims
        engine.settle(worker, [Done(claim.id, claim.fence, batch=batch) for claim in claims])
        left -= len(claims)
    return count


if __name__ == "__main__":
    main()

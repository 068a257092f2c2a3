"""What unique jobs, groups and batches cost beside plain jobs, at the seam, on each store.

    python -m benchmarks.flow [--jobs N] [--rounds N] [--only sqlite,redis,postgresql,mariadb]
                              [--parts unique,single,groups,batch,large,tenant,workers]

In each round plain jobs and the others have turns on an emptied store. A ratio is the rate of the
others by that of plain jobs in the same round; the median of the rounds is shown, with the least
and the most. The second ratio is the same by processor time, of this process and of the server:
on a machine that does other things, too, only that one says much. All is done by one thread of
this process: pushes of 1,000, and claims and settlements of 100.

    unique   pushes of 1,000 jobs with keys that are free
    single   the same, pushed one by one
    groups   `--groups N` spreads the jobs over so many groups; `--waiting N` more wait before them
    batch    all jobs in one batch
    large    `--jobs N` are drained in each round, of `--large N` jobs in groups and of as many in a
             queue without groups (flow_large.py, like the next two)
    tenant   ten jobs of a group, behind `--large N` of another one
    workers  `--workers N` processes drain one batch, and as many plain jobs
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lightjobs import current
from lightjobs.engines.control import Engine
from lightjobs.engines.moves import PURGEABLE
from lightjobs.engines.where import Where
from lightjobs.model import BATCH_OPTION, Flow, NewBatch, NewJob, Unique
from lightjobs.settings.settings import load

from . import flow_large
from .flow_jobs import PUSH, drain, job, push
from .processor import Rate, rate
from .regress.stores import STORES

WANTED = {"unique": 0.7, "single": 0.7, "groups": 0.8, "batch": 0.9, "large": 0.8}


def main() -> None:
    options = _options()
    for name in options.only.split(","):
        for what in options.parts.split(","):
            connect, _ = STORES[name]
            # A store of its own: to empty one of a million jobs takes longer than to start one.
            with tempfile.TemporaryDirectory() as folder, connect() as store:
                store.empty()
                os.environ.update(store.environment)
                if name == "sqlite":
                    os.environ["DB_NAME"] = str(Path(folder, "jobs.sqlite"))
                engine = _engine()
                if what in WANTED:
                    _show(name, what, _measured(engine, store.empty, options, what))
                else:
                    for line in getattr(flow_large, what)(engine, options):
                        print(f"{name:11} {line}", flush=True)
                engine.close()


def _show(name: str, what: str, rates: Rates) -> None:
    by_clock = [own.clock / plain.clock for own, plain in rates]
    by_processor = [own.processor / plain.processor for own, plain in rates]
    own = statistics.median(own.clock for own, _ in rates)
    plain = statistics.median(plain.clock for _, plain in rates)
    print(
        f"{name:11} {what:8} {own:9,.0f}/s  plain {plain:9,.0f}/s  ratio {_spread(by_clock)}"
        f"  of processor time {_spread(by_processor)}  wanted {WANTED[what]}",
        flush=True,
    )


def _spread(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--groups", type=int, default=10_000)
    parser.add_argument("--waiting", type=int, default=0)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="sqlite,redis,postgresql,mariadb")
    parser.add_argument("--parts", default="unique,single,groups,batch")
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


Rates = list[tuple[Rate, Rate]]


def _measured(
    engine: Engine, empty: Callable[[], object], options: argparse.Namespace, what: str
) -> Rates:
    """The rates of one thing, and those of plain jobs, round by round."""
    if what == "large":
        return list(flow_large.large(engine, options))
    own, plain = _turns(engine, options, what)
    found = []
    for number in range(options.rounds):
        calls = (own, plain) if number % 2 else (plain, own)
        rates = []
        for call in calls:
            _emptied(engine, empty)
            rates.append(call())
        found.append((rates[0], rates[1]) if number % 2 else (rates[1], rates[0]))
    return found


Turn = Callable[[], Rate]


def _turns(engine: Engine, options: argparse.Namespace, what: str) -> tuple[Turn, Turn]:
    """What is done in a turn of one thing, and in one of plain jobs."""
    count = options.jobs

    def pushing(make: Callable[[int], list[NewJob]], number: int, size: int) -> Rate:
        # New keys each time: a file of SQLite is not emptied between the rounds.
        jobs = make(number)
        return rate(lambda: push(engine, jobs, size))

    def drained(jobs: Sequence[NewJob]) -> Rate:
        push(engine, jobs)
        return rate(lambda: drain(engine, count))

    def drained_batch() -> Rate:
        batch = f"b{time.time_ns()}"
        options = f'{{"{BATCH_OPTION}":"{batch}"}}'
        part = job(Flow(batch=batch))._replace(options=options)
        engine.batches.push(NewBatch(batch), [part] * count)
        return rate(lambda: drain(engine, count, batch))

    match what:
        case "unique":
            return lambda: pushing(_unique, count, PUSH), lambda: pushing(_plain, count, PUSH)
        case "single":
            some = max(200, count // 20)
            return lambda: pushing(_unique, some, 1), lambda: pushing(_plain, some, 1)
        case "groups":
            before = [job(Flow(group=f"g{n % options.groups}")) for n in range(options.waiting)]
            grouped = [job(Flow(group=f"g{n % options.groups}")) for n in range(count)]
            plain = _plain(options.waiting + count)
            return lambda: drained([*before, *grouped]), lambda: drained(plain)
        case _:
            optioned = [job(options="{}") for _ in range(count)]
            return drained_batch, lambda: drained(optioned)


def _plain(count: int) -> list[NewJob]:
    return [job() for _ in range(count)]


def _unique(count: int) -> list[NewJob]:
    """Jobs whose keys nobody has had."""
    prefix = f"k{time.time_ns()}-"
    return [job(Flow(Unique(f"{prefix}{number}", "active", 600.0))) for number in range(count)]


def _emptied(engine: Engine, empty: Callable[[], object]) -> None:
    empty()
    if engine.schema is not None:
        engine.schema.install()
    for status in PURGEABLE:  # the file of SQLite was not emptied
        engine.purge(Where(status=status))


if __name__ == "__main__":
    main()

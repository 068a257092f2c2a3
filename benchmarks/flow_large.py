"""The parts of `benchmarks.flow` that need many jobs, or several processes."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from itertools import cycle, islice
from typing import Any

from lightjobs import current
from lightjobs.engines.control import Engine
from lightjobs.model import BATCH_OPTION, Done, Flow, NewBatch

from .flow_jobs import CLAIM, PUSH, drain, job, push, worker
from .processor import Rate, others_seconds, rate

TENANT = 10
"""Jobs of the small tenant."""


def large(engine: Engine, options: Namespace) -> Iterator[tuple[Rate, Rate]]:
    """Rates of draining a part of many jobs in groups, and of as many plain ones. Both wait in the
    same store, each in a queue of its own."""
    names = cycle(f"g{number}" for number in range(options.groups))
    for _ in range(0, options.large, PUSH):
        push(engine, [job(Flow(group=name), queue="grouped") for name in islice(names, PUSH)])
        push(engine, [job(queue="plain")] * PUSH)
    for number in range(options.rounds):
        rates = {}
        for queue in ("grouped", "plain") if number % 2 else ("plain", "grouped"):
            rates[queue] = rate(partial(drain, engine, options.jobs, queue=queue))
        yield rates["grouped"], rates["plain"]


def tenant(engine: Engine, options: Namespace) -> Iterator[str]:
    """How soon jobs of a small tenant are claimed behind those of a large one."""
    big = [job(Flow(group="big"))] * PUSH
    for _ in range(0, options.large, PUSH):
        push(engine, big)
    name = worker(engine)
    claims = engine.claim(name, ["default"], CLAIM)  # the large tenant has been served before
    engine.settle(name, [Done(claim.id, claim.fence) for claim in claims])
    small = set(engine.push([job(Flow(group="small"))] * TENANT))
    batches, begun = 0, time.perf_counter()
    found: list[int] = []
    while small:
        claims = engine.claim(name, ["default"], CLAIM)
        batches += 1
        found += [batches for claim in claims if claim.id in small]
        small -= {claim.id for claim in claims}
        engine.settle(name, [Done(claim.id, claim.fence) for claim in claims])
    taken = time.perf_counter() - begun
    yield (
        f"tenant   its first job is in claim {found[0]} of {CLAIM} jobs, its last in claim "
        f"{found[-1]}, after {1000 * taken:.1f} ms; behind {options.large:,} of another"
    )


def workers(engine: Engine, options: Namespace) -> Iterator[str]:
    """How the rate of one batch grows with the workers, and that of plain jobs."""
    count = options.jobs
    grown: list[list[float]] = [[], []]
    rates: dict[tuple[int, bool], list[Rate]] = {}
    for number in range(options.rounds):
        for is_batch in (True, False) if number % 2 else (False, True):
            for processes in (1, options.workers):
                found = _drained_by(engine, processes, count, is_batch)
                rates.setdefault((processes, is_batch), []).append(found)
            one, all_ = rates[1, is_batch][-1], rates[options.workers, is_batch][-1]
            grown[is_batch].append(all_.clock / one.clock)
    for processes in (1, options.workers):
        own, plain = rates[processes, True], rates[processes, False]
        by = [
            statistics.median(a[field] / b[field] for a, b in zip(own, plain, strict=True))
            for field in (0, 1)
        ]
        yield (
            f"workers  {processes} on one batch {_median(own):,.0f}/s, on plain jobs "
            f"{_median(plain):,.0f}/s  ratio {by[0]:.2f}  of processor time {by[1]:.2f}"
        )
    batch, plain_ = statistics.median(grown[1]), statistics.median(grown[0])
    yield (
        f"workers  {options.workers} instead of 1: one batch {batch:.2f} times as fast, "
        f"plain jobs {plain_:.2f} times"
    )


def _median(rates: list[Rate]) -> float:
    return statistics.median(each.clock for each in rates)


def _drained_by(engine: Engine, processes: int, count: int, is_batch: bool) -> Rate:
    """Let so many processes drain `count` jobs: those of a batch, or plain ones."""
    batch = f"b{time.time_ns()}" if is_batch else None
    if batch:
        text = f'{{"{BATCH_OPTION}":"{batch}"}}'
        engine.batches.push(NewBatch(batch), [job(Flow(batch=batch), text)] * count)
    else:
        push(engine, [job(options="{}")] * count)
    engine.close()
    context = multiprocessing.get_context("spawn")
    ready, go = context.Barrier(processes + 1), context.Barrier(processes + 1)
    ended: Any = context.Queue()
    running = [
        context.Process(target=_worked, args=(ready, go, ended, batch)) for _ in range(processes)
    ]
    for process in running:
        process.start()
    ready.wait()
    before, begun = others_seconds(), time.perf_counter()
    go.wait()
    taken = max([ended.get() for _ in running]) - begun
    total = others_seconds() - before
    for process in running:
        process.join()
    if batch:
        progress = engine.batches.find(batch)
        assert progress is not None
        assert progress.ended_at is not None
    return Rate(count / taken, count / total)


def _worked(ready: Any, go: Any, ended: Any, batch: str | None) -> None:
    """Claim and settle until nothing is left."""
    engine = current.engine()
    name = worker(engine)
    ready.wait()
    go.wait()
    while claims := engine.claim(name, ["default"], CLAIM):
        engine.settle(name, [Done(claim.id, claim.fence, batch=batch) for claim in claims])
    ended.put(time.perf_counter())
    time.sleep(2.0)  # what it has used is read while it runs

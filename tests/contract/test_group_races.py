"""Claims from groups with a limit, by many threads and processes at the same time."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
import time
from collections import Counter

import pytest

from lightjobs.engines.control import Engine
from lightjobs.model import Done
from tests.support.environment import engine_of

from .flows import grouped, is_php
from .support import worker

GROUPS = {f"g{number}": 1 + number % 3 for number in range(6)}
"""The limit of each group."""
EACH = 30
SECONDS = 60


@pytest.fixture(autouse=True)
def keeps_groups(store):
    if is_php(store):
        pytest.skip("rows in PHP's form have no place for a group")


def push_all(engine: Engine) -> None:
    jobs = [
        each
        for name, limit in GROUPS.items()
        for each in grouped(name, EACH, limit=limit, payload=json.dumps(name))
    ]
    engine.push(jobs)


def work(engine: Engine, name: str, batch: int) -> tuple[int, Counter[str]]:
    """Claim and settle until nothing is left; returns how many, and the most jobs of each group
    that were seen to run."""
    done, most = 0, Counter[str]()
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        claims = engine.claim(name, ["q"], batch)
        for group in engine.groups("q"):
            most[str(group.name)] = max(most[str(group.name)], group.running)
        if claims:
            engine.settle(name, [Done(claim.id, claim.fence) for claim in claims])
            done += len(claims)
        elif not engine.stats().get("q", {}).get("new", 0):
            return done, most
        else:
            engine.wait(["q"], 0.02)
    raise AssertionError(f"{engine.stats()} is left")


def held_to(most: Counter[str]) -> bool:
    return all(most[name] <= limit for name, limit in GROUPS.items())


def test_threads_never_take_more_of_a_group_than_its_limit(engine):
    push_all(engine)
    results: list[tuple[int, Counter[str]]] = []
    errors: list[BaseException] = []

    def run(batch: int) -> None:
        try:
            results.append(work(engine, worker(engine), batch))
        except BaseException as error:
            errors.append(error)
        finally:
            engine.close()

    threads = [threading.Thread(target=run, args=(batch,)) for batch in (1, 1, 2, 2, 5, 5, 20, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(done for done, _ in results) == EACH * len(GROUPS)
    assert all(held_to(most) for _, most in results), results


def _in_process(environment: dict[str, str], batch: int, answers) -> None:
    engine = engine_of(environment)
    try:
        answers.put(work(engine, worker(engine), batch))
    except BaseException as error:
        answers.put(repr(error))


def test_processes_never_take_more_of_a_group_than_its_limit(engine, environment):
    push_all(engine)
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    processes = [
        context.Process(target=_in_process, args=(environment, batch, answers))
        for batch in (1, 3, 10, 30)
    ]
    for process in processes:
        process.start()
    results = [answers.get(timeout=2 * SECONDS) for _ in processes]
    for process in processes:
        process.join()
    assert not [each for each in results if isinstance(each, str)], results
    assert sum(done for done, _ in results) == EACH * len(GROUPS)
    assert all(held_to(most) for _, most in results), results


def test_an_idle_worker_does_not_spin_beside_a_group_at_its_limit(engine):
    engine.push(grouped("a", 200, limit=1))
    name = worker(engine)
    (held,) = engine.claim(name, ["q"], 10)
    engine.wait(["q"], 0.1)
    before, looks = os.times(), 0
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        engine.wait(["q"], 1.0)
        assert engine.claim(name, ["q"], 10) == []
        looks += 1
    after = os.times()
    assert looks <= 4, "each of them waits as long as it may"
    assert after.user + after.system - before.user - before.system < 0.4
    engine.settle(name, [Done(held.id, held.fence)])
    begun = time.monotonic()
    while not engine.claim(name, ["q"], 10):
        engine.wait(["q"], 5.0)
    assert time.monotonic() - begun < 1.5

"""Settling and claiming at the same time keeps all promises of settling first."""

import threading
import time

import pytest

from lightjobs import Job
from lightjobs.model import Done
from lightjobs.workers import settling
from tests.support.engines import Wrapped, failing

from .support import ran, run
from .working import Worker


class Work(Job):
    attempts = 2

    def handle(self):
        ran.append(self.payload["n"])
        if self.payload.get("boom"):
            raise ValueError("boom")


@pytest.fixture(autouse=True)
def many(engine, monkeypatch):
    engine.serves_at_once = True
    monkeypatch.setattr(settling, "MANY", 2)


def settling_threads(engine):
    """A list that fills with the name of each settling thread and its outcomes, and the verb that
    fills it."""
    seen = []

    def settle(worker, outcomes):
        if outcomes:
            seen.append((threading.current_thread().name.partition("_")[0], outcomes))
        return engine.settle(worker, outcomes)

    return seen, settle


def test_a_batch_is_settled_while_the_next_is_claimed(engine):
    Work.dispatchMany({"n": n} for n in range(30))
    times = {"claim": [], "settle": []}

    def slowly(verb):
        def slow(*args):
            begun = time.monotonic()
            time.sleep(0.05)
            answer = getattr(engine, verb)(*args)
            times[verb].append((begun, time.monotonic()))
            return answer

        return slow

    Worker(Wrapped(engine, claim=slowly("claim"), settle=slowly("settle"))).run()
    assert ran == list(range(30))
    assert engine.stats() == {}
    assert any(
        begun < until and since < ended
        for begun, ended in times["claim"]
        for since, until in times["settle"]
    )


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("verb", ["claim", "settle"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_store_that_is_away_loses_no_job_and_runs_none_twice(
    engine, concurrency, verb, times, after
):
    Work.dispatchMany({"n": n} for n in range(100))
    calls = []
    real = getattr(engine, verb)
    fails = failing(real, times, after)

    def verb_later(*args):
        calls.append(args)  # not the first: then nothing has been run
        return fails(*args) if len(calls) > 3 else real(*args)

    worker = Worker(Wrapped(engine, **{verb: verb_later}), concurrency=concurrency).run()
    assert sorted(ran) == list(range(100))
    assert engine.stats() == {}
    assert worker.lines.lost_ids == []
    assert worker.journal.read() == []
    assert len(worker.lines.ended_ids) == 100


def test_a_failure_is_settled_before_more_is_claimed(engine):
    Work.dispatchMany({"n": n, "boom": n % 10 == 3} for n in range(50))
    seen, settle = settling_threads(engine)
    worker = Worker(Wrapped(engine, settle=settle)).run()
    assert sorted(ran) == sorted([*range(50), *range(3, 50, 10)])
    in_background = [outcomes for name, outcomes in seen if name == "settling"]
    assert all(type(outcome) is Done for outcomes in in_background for outcome in outcomes)
    assert worker.journal._heap == type(worker.journal)()._heap, "its texts are dropped"


def test_runs_with_a_hook_are_settled_before_more_is_claimed(engine):
    class Hooked(Work):
        def onSuccess(self):
            ran.append("hook")

    Hooked.dispatchMany({"n": n} for n in range(20))
    seen, settle = settling_threads(engine)
    Worker(Wrapped(engine, settle=settle)).run()
    assert {name for name, _ in seen} == {threading.main_thread().name}
    assert ran.count("hook") == 20


def test_a_hook_is_called_before_more_is_claimed(engine):
    """The keeper may have settled its run in the middle of a drain."""

    class Hooked(Work):
        def onSuccess(self):
            ran.append("hook")

    Work.dispatchMany({"n": n} for n in range(100))
    claims = []

    def claim(*args):
        claims.append("hook" in ran)
        if len(claims) == 3:
            worker.loop._settling.hooks.append(run(Hooked, payload='{"n": 0}'))
        return engine.claim(*args)

    worker = Worker(Wrapped(engine, claim=claim))
    worker.run()
    assert claims[4]


def test_no_finished_run_is_left_unsettled_at_a_stop(engine, concurrency):
    Work.dispatchMany({"n": n} for n in range(100))

    class Stops(Work):
        def handle(self):
            super().handle()
            worker.flag.raise_()

    Stops().dispatch({"n": 100})
    Work.dispatchMany({"n": n} for n in range(101, 200))
    worker = Worker(engine, concurrency=concurrency)
    worker.loop.run()
    assert engine.held(worker.name) == []
    assert engine.stats()["default"]["new"] == 200 - len(ran)
    assert worker.journal.read() == []


def test_the_settling_thread_ends_with_the_loop(engine):
    Work.dispatchMany({"n": n} for n in range(50))
    Worker(engine).run()
    assert not [t for t in threading.enumerate() if t.name.startswith("settling")]


def test_a_few_runs_are_not_settled_in_the_background(engine, monkeypatch):
    monkeypatch.setattr(settling, "MANY", 3)
    seen, settle = settling_threads(engine)
    Work.dispatchMany([{"n": 0}, {"n": 1}])
    Worker(Wrapped(engine, settle=settle)).run()
    assert {name for name, _ in seen} == {threading.main_thread().name}

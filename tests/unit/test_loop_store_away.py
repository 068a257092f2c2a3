"""The store goes away at any verb, before or after it has acted: no job is lost."""

import threading
import time

import pytest

from lightjobs import Job
from lightjobs.engines.where import Where
from lightjobs.errors import StoreUnavailable
from lightjobs.model import HandBack
from lightjobs.workers.shared.run_budget import RunBudget
from tests.support.engines import Wrapped, answer_later, failing, greedy
from tests.support.waiting import wait_until

from .support import ran
from .working import Worker


@pytest.fixture(autouse=True, params=["in turn", "ahead"])
def _ways(engine, request):
    """The ways to settle and to claim."""
    if request.param == "ahead":
        answer_later(engine)


class Work(Job):
    def handle(self):
        ran.append(self.payload["n"])
        time.sleep(self.payload.get("sleep", 0))

    def onSuccess(self):
        ran.append(f"hook {self.payload['n']}")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("verb", ["claim", "settle"])
@pytest.mark.parametrize("times", [1, 3])
def test_a_store_that_is_away_loses_no_job_and_runs_none_twice(
    engine, concurrency, verb, times, after
):
    Work.dispatchMany({"n": n} for n in range(40))
    away = Wrapped(engine, **{verb: failing(getattr(engine, verb), times, after)})
    worker = Worker(away, concurrency=concurrency).run()
    assert sorted(n for n in ran if type(n) is int) == list(range(40))
    assert engine.stats() == {}
    assert worker.lines.lost_ids == []
    assert worker.journal.read() == []


def test_hooks_run_once_when_the_reply_to_a_settlement_was_lost(engine, concurrency):
    Work.dispatchMany({"n": n} for n in range(10))
    away = Wrapped(engine, settle=failing(engine.settle, 2, after=True))
    Worker(away, concurrency=concurrency).run()
    assert sorted(map(str, ran)) == sorted(
        [*map(str, range(10)), *(f"hook {n}" for n in range(10))]
    )


def test_a_wait_that_fails_is_tried_again(engine, concurrency):
    away = Wrapped(engine, wait=failing(engine.wait, 2))
    worker = Worker(away, concurrency=concurrency, stop_when_empty=False)
    thread = worker.start()
    time.sleep(0.1)
    Work().dispatch({"n": 1})
    wait_until(lambda: ran == [1, "hook 1"])
    worker.stop(thread)


def test_held_that_fails_leaves_the_lost_claims_in_doubt(engine, concurrency):
    Work.dispatchMany({"n": n} for n in range(5))
    away = Wrapped(engine, claim=failing(engine.claim, 1, after=True), held=failing(engine.held, 2))
    Worker(away, concurrency=concurrency).run()
    assert sorted(n for n in ran if type(n) is int) == list(range(5))


def test_a_lost_claim_reply_is_adopted_and_costs_no_second_attempt(engine, concurrency, caplog):
    attempts = []

    class Looks(Job):
        def handle(self):
            attempts.append((self.context.attempt, self.context.fence))

    Looks.dispatchMany([{}] * 3)
    away = Wrapped(engine, claim=failing(engine.claim, 1, after=True))
    Worker(away, concurrency=concurrency).run()
    assert attempts == [(1, 1)] * 3
    assert any("adopted" in record.getMessage() for record in caplog.records)


def test_a_lost_claim_reply_counts_in_max_jobs(engine):
    Work.dispatchMany({"n": n} for n in range(10))
    away = Wrapped(engine, claim=failing(engine.claim, 2, after=True))
    Worker(away, RunBudget.of(4), stop_when_empty=False).run()
    assert sum(type(n) is int for n in ran) == 4
    assert engine.stats()["default"]["new"] == 6
    assert engine.stats()["default"]["queued"] == 0


def test_a_stop_hands_back_claims_whose_reply_was_lost(engine):
    Work.dispatchMany({"n": n} for n in range(3))
    worker = None

    def claim(*arguments):
        engine.claim(*arguments)
        worker.flag.raise_()
        raise StoreUnavailable("the reply was lost")

    worker = Worker(Wrapped(engine, claim=claim), stop_when_empty=False)
    thread = worker.start()
    thread.join(30)
    assert ran == []
    counts = engine.stats()["default"]
    assert (counts["new"], counts["queued"]) == (3, 0)
    assert {job.attempts for job in engine.browse(Where(status="new"))} == {0}


def test_a_long_outage_between_run_and_settlement_runs_nothing_twice(engine):
    Work.dispatchMany({"n": n} for n in range(5))
    back_at = time.monotonic() + 0.5

    def settle(*arguments):
        if time.monotonic() < back_at:
            raise StoreUnavailable("away")
        return engine.settle(*arguments)

    Worker(Wrapped(engine, settle=settle)).run()
    assert [n for n in ran if type(n) is int] == list(range(5))


def test_hand_backs_that_fail_are_tried_again_and_no_job_is_stuck(engine):
    Work().dispatch({"n": "long", "sleep": 0.4})
    Work.dispatchMany({"n": f"behind {n}"} for n in range(20))
    handing_back, handed_back = failing(engine.settle, 3), []

    def settle(worker, outcomes):
        if any(type(outcome) is HandBack for outcome in outcomes):
            handed_back.append(len(outcomes))
            return handing_back(worker, outcomes)
        return engine.settle(worker, outcomes)

    Worker(Wrapped(greedy(engine), settle=settle)).run()
    assert engine.stats() == {}
    assert handed_back
    assert sum(1 for n in ran if str(n).startswith("behind")) == 20


@pytest.mark.slow
def test_a_job_the_keeper_is_settling_is_not_adopted_and_run_again(engine):
    """The main thread's claim loses its reply while the keeper's settlement is on its way."""
    Work().dispatch({"n": "short"})
    Work().dispatch({"n": "long", "sleep": 0.3})
    keeper_in, adopted = threading.Event(), threading.Event()
    lost = [1]

    def settle(worker, outcomes):
        if threading.current_thread().name == "keeper":
            keeper_in.set()
            adopted.wait(0.6)
        elif not keeper_in.is_set():
            raise StoreUnavailable("away")
        return engine.settle(worker, outcomes)

    def claim(*arguments):
        claims = greedy(engine).claim(*arguments)
        if keeper_in.is_set() and lost:
            lost.pop()
            raise StoreUnavailable("the reply was lost")
        return claims

    def held(name):
        claims = engine.held(name)
        if not lost:
            adopted.set()
        return claims

    Worker(Wrapped(greedy(engine), settle=settle, claim=claim, held=held)).run()
    assert keeper_in.is_set()
    assert not lost
    assert ran.count("short") == 1
    assert ran.count("hook short") == 1


@pytest.mark.slow
def test_the_hook_of_a_job_that_the_keeper_settled_last_is_run(engine):
    """The keeper's settlement is still on its way when the main thread finds nothing to do."""
    Work().dispatch({"n": "a"})
    Work().dispatch({"n": "b", "sleep": 0.2})
    keeper_has_a = threading.Event()

    def settle(worker, outcomes):
        if threading.current_thread().name == "keeper":
            keeper_has_a.set()
            time.sleep(0.4)  # until the other has ended
        return engine.settle(worker, outcomes)

    Worker(Wrapped(greedy(engine), settle=settle)).run()
    assert keeper_has_a.is_set()
    hooks = [entry for entry in ran if entry.startswith("hook")]
    assert sorted(hooks) == ["hook a", "hook b"]

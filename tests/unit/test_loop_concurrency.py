import asyncio
import threading
import time

import pytest

from lightjobs import Job
from lightjobs.engines.store import MAX_RECOVERIES
from tests.support.engines import greedy
from tests.support.waiting import wait_until

from .support import ran
from .working import Worker

together = None


class Meets(Job):
    """Ends only when all the others run at the same time."""

    def handle(self):
        together.wait(30)
        ran.append(1)


class MeetsAsync(Job):
    async def handle(self):
        ran.append(threading.current_thread().name)
        while len(ran) < self.payload["all"]:
            await asyncio.sleep(0.005)


class Quick(Job):
    def handle(self):
        ran.append((self.payload["n"], threading.current_thread().ident))


class Slow(Job):
    def handle(self):
        ran.append("slow starts")
        let_go.wait(self.payload.get("sleep", 60))
        ran.append("slow ends")


let_go = threading.Event()


@pytest.fixture(autouse=True)
def _let_go():
    let_go.clear()
    yield
    let_go.set()


def test_sync_jobs_really_run_in_parallel(engine):
    global together
    together = threading.Barrier(4)
    Meets.dispatchMany([{}] * 8)
    Worker(engine, concurrency=4).run()
    assert ran == [1] * 8


def test_async_jobs_really_run_in_parallel_on_one_event_loop(engine):
    MeetsAsync.dispatchMany([{"all": 5}] * 5)
    Worker(engine, concurrency=5).run()
    assert len(ran) == 5
    assert len(set(ran)) == 1


def test_sync_and_async_jobs_run_at_the_same_time(engine):
    Slow().dispatch({"sleep": 0.2})
    MeetsAsync().dispatch({"all": 0})
    Worker(engine, concurrency=2).run()
    assert ran[0] == "slow starts" or ran[1] == "slow starts"
    assert ran[-1] == "slow ends"


def test_no_more_than_concurrency_run_at_a_time(engine):
    running, most = [], []

    class Counts(Job):
        def handle(self):
            running.append(1)
            most.append(len(running))
            time.sleep(0.005)
            running.pop()

    Counts.dispatchMany([{}] * 40)
    Worker(engine, concurrency=3).run()
    assert len(most) == 40
    assert 1 < max(most) <= 3


def test_a_place_that_becomes_free_is_filled_while_a_long_job_runs(engine):
    Slow().dispatch()
    Quick.dispatchMany({"n": n} for n in range(20))
    thread = Worker(engine, concurrency=2).start()
    wait_until(lambda: len(ran) == 21)
    assert "slow ends" not in ran
    let_go.set()
    thread.join()


def test_a_job_dispatched_while_a_long_one_runs_does_not_wait_for_it(engine):
    Slow().dispatch()
    worker = Worker(engine, concurrency=2, stop_when_empty=False, sleep=60.0)
    thread = worker.start()
    wait_until(lambda: ran)
    time.sleep(0.1)
    Quick().dispatch({"n": 1})
    wait_until(lambda: len(ran) > 1)
    assert ran[1] != "slow ends"
    let_go.set()
    worker.stop(thread)


def test_jobs_claimed_behind_a_long_one_are_run_by_another_worker(engine):
    Slow().dispatch()
    ids = Quick.dispatchMany({"n": n} for n in range(50))
    first = Worker(greedy(engine))
    thread = first.start()
    wait_until(lambda: engine.find(ids[0]).worker == first.name)
    second = Worker(engine, stop_when_empty=False)
    other = second.start()
    wait_until(lambda: len(ran) == 51)
    assert ran == ["slow starts", *[(n, other.ident) for n in range(50)]]
    let_go.set()
    second.stop(other)
    thread.join()
    assert engine.stats() == {}


def test_jobs_that_finished_before_a_long_one_are_settled_while_it_runs(engine):
    ids = Quick.dispatchMany({"n": n} for n in range(5))
    Slow().dispatch()
    worker = Worker(greedy(engine))
    thread = worker.start()
    wait_until(lambda: "slow starts" in ran)
    wait_until(lambda: not any(map(engine.find, ids)))
    assert "slow ends" not in ran
    let_go.set()
    thread.join()


def test_after_a_long_job_few_are_claimed_at_once(engine):
    limits = []
    original = engine.claim

    def claim(worker, queues, limit):
        limits.append(limit)
        return original(worker, queues, limit)

    engine.claim = claim
    Quick.dispatchMany({"n": "warm"} for _ in range(600))
    Slow().dispatch({"sleep": 0.2})
    Quick.dispatchMany({"n": n} for n in range(50))
    Worker(engine).run()
    assert max(limits) > 8
    assert 1 in limits[limits.index(max(limits)) :]


def test_a_job_with_recoveries_is_held_alone(engine):
    held = []

    class Looks(Job):
        priority = "highest"

        def handle(self):
            held.append(len(engine.held(worker.name)))

    Quick.dispatchMany({"n": n} for n in range(10))
    id = Looks().dispatch()
    for deaths in range(1, MAX_RECOVERIES + 1):
        dead = Worker(engine)
        assert engine.claim(dead.name, ["default"], 1)[0].id == id
        engine.recover(dead.name)
        assert engine.find(id).recoveries == deaths
    worker = Worker(greedy(engine))
    worker.run()
    assert held == [1]
    assert engine.stats() == {}
    assert [n for n, _thread in ran] == list(range(10))


def test_a_job_with_recoveries_behind_others_is_not_run_while_they_are_held(engine):
    held = []

    class Looks(Job):
        priority = "lowest"

        def handle(self):
            held.append(len(engine.held(worker.name)))

    id = Looks().dispatch()
    dead = Worker(engine)
    assert engine.claim(dead.name, ["default"], 1)[0].id == id
    engine.recover(dead.name)
    Quick.dispatchMany({"n": n} for n in range(10))
    worker = Worker(greedy(engine))
    worker.run()
    assert held == [1]
    assert len(ran) == 10


def test_jobs_claimed_ahead_go_back_when_all_places_have_long_jobs(engine):
    Quick.dispatchMany({"n": "warm"} for _ in range(200))
    worker = Worker(engine, concurrency=2, stop_when_empty=False)
    thread = worker.start()
    wait_until(lambda: len(ran) == 200)
    ran.clear()
    Slow.dispatchMany([{}] * 2)
    ids = Quick.dispatchMany({"n": n} for n in range(50))
    wait_until(lambda: ran.count("slow starts") == 2)
    wait_until(lambda: not any(engine.find(id).worker for id in ids))
    assert len(engine.held(worker.name)) == 2
    let_go.set()
    wait_until(lambda: len(ran) == 54)
    worker.stop(thread)


def test_many_places_claim_ahead_no_more_than_they_start_within_a_few_milliseconds(engine):
    class Waits(Job):
        async def handle(self):
            await asyncio.sleep(0.02)
            # Less those that are about to start in places that are free.
            ahead.append(len(worker.loop._in_flight.waiting) - worker.loop._runner.free())

    ahead = []
    Waits.dispatchMany([{}] * 400)
    worker = Worker(engine, concurrency=20)
    worker.run()
    assert len(ahead) == 400
    assert 0 < max(ahead) <= 2 * 20 * 5 / 20

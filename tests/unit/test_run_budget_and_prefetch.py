import os
import threading

import pytest

from lightjobs.workers.prefetch import AHEAD_SECONDS, MOST, Prefetch
from lightjobs.workers.shared.run_budget import RunBudget


def test_a_budget_gives_what_is_left_and_no_more():
    budget = RunBudget.of(10)
    assert [budget.take(4) for _ in range(4)] == [4, 4, 2, 0]
    budget.give_back(3)
    assert budget.take(9) == 3
    assert budget.take(0) == 0


def test_a_budget_is_shared_through_its_descriptor():
    budget = RunBudget.of(10)
    pid = os.fork()
    if pid == 0:
        os._exit(RunBudget(budget.descriptor).take(4))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4
    assert budget.take(10) == 6


@pytest.mark.slow
def test_processes_taking_at_once_take_each_run_once():
    budget = RunBudget.of(3000)
    reading, writing = os.pipe()
    for _ in range(3):
        if os.fork() == 0:
            taken = 0
            while got := budget.take(1):
                taken += got
            os.write(writing, f"{taken}\n".encode())
            os._exit(0)
    for _ in range(3):
        os.wait()
    assert sum(map(int, os.read(reading, 1000).split())) == 3000


def test_threads_taking_and_giving_back_lose_no_run():
    budget = RunBudget.of(1000)
    threads = [threading.Thread(target=lambda: take_and_give(budget)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.take(5000) == 1000


def take_and_give(budget):
    for _ in range(2000):
        budget.give_back(budget.take(1))


def learned(places, seconds, batches=20):
    prefetch = Prefetch(places)
    for _ in range(batches):
        prefetch.learn(10, 10 * seconds)
    return prefetch


def test_prefetch_starts_with_one_and_doubles_at_most():
    prefetch = Prefetch()
    wanted = [prefetch.wanted(1, 0)]
    for _ in range(10):
        prefetch.learn(wanted[-1], 0.0)
        wanted.append(prefetch.wanted(1, 0))
    assert wanted == [1, 2, 3, 5, 9, 17, 33, 65, 129, 257, MOST]


def test_prefetch_settles_at_a_few_milliseconds_of_work():
    wanted = learned(1, 0.001).wanted(1, 0)
    assert wanted == pytest.approx(AHEAD_SECONDS / 0.001, abs=1)


@pytest.mark.parametrize(("seconds", "ahead"), [(0.001, 500), (0.01, 50), (1.0, 0)])
def test_what_is_claimed_ahead_for_many_places_is_what_they_start_within_a_few_milliseconds(
    seconds, ahead
):
    assert learned(100, seconds).wanted(0, 0) == pytest.approx(ahead, abs=1)


def test_what_waits_is_not_claimed_again():
    prefetch = learned(100, 0.01)
    ahead = prefetch.wanted(0, 0)
    assert prefetch.wanted(30, 0) == ahead + 30
    assert prefetch.wanted(0, 30) == ahead - 30
    assert prefetch.wanted(0, ahead) == 0


def test_a_single_place_claims_when_nothing_waits_and_many_places_earlier():
    assert learned(1, 0.0001).low_water() == 0
    prefetch = learned(100, 0.01)
    assert 0 < prefetch.low_water() < prefetch.wanted(0, 0)


@pytest.mark.parametrize(
    ("seconds", "holds", "reserve"),
    [(0.1, 1, 1), (0.003, 2, 1), (0.001, 6, 2), (0.0001, 51, 14), (0.00001, 500, 250)],
)
def test_a_single_place_claims_early_enough_not_to_run_out_of_work(seconds, holds, reserve):
    prefetch = learned(1, seconds)
    assert prefetch.wanted(1, 0) == holds
    assert prefetch.reserve() == reserve


def test_prefetch_believes_a_long_job_at_once():
    prefetch = learned(1, 0.0)
    prefetch.learn(1, 1.0)
    assert prefetch.wanted(1, 0) == 1


def test_prefetch_grows_again_after_long_jobs():
    prefetch = Prefetch()
    prefetch.learn(1, 1.0)
    for _ in range(60):
        wanted = prefetch.wanted(1, 0)
        prefetch.learn(wanted, wanted * 1e-6)
    assert prefetch.wanted(1, 0) > 100


def test_prefetch_can_start_again_with_one():
    prefetch = learned(1, 0.0)
    prefetch.restart()
    assert prefetch.wanted(1, 0) == 1
    prefetch.learn(1, 0.0)
    assert prefetch.wanted(1, 0) == 2

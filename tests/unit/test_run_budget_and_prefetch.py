import os
import threading

import pytest

from lightjobs.workers.prefetch import BATCH_SECONDS, MOST, Prefetch
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


def test_prefetch_starts_with_one_and_doubles_at_most():
    prefetch = Prefetch()
    limits = [prefetch.limit()]
    for _ in range(12):
        prefetch.learn(prefetch.limit(), 0.0)
        limits.append(prefetch.limit())
    assert limits == [1, 2, 4, 8, 16, 32, 64, 128, 256, MOST, MOST, MOST, MOST]


def test_prefetch_settles_at_a_few_milliseconds_of_work():
    prefetch = Prefetch()
    for _ in range(20):
        prefetch.learn(10, 10 * 0.001)
    assert prefetch.limit() == pytest.approx(BATCH_SECONDS / 0.001, abs=1)


def test_prefetch_believes_a_long_job_at_once():
    prefetch = Prefetch()
    for _ in range(12):
        prefetch.learn(100, 0.0)
    prefetch.learn(1, 1.0)
    assert prefetch.limit() == 1


def test_prefetch_grows_again_after_long_jobs():
    prefetch = Prefetch()
    prefetch.learn(1, 1.0)
    for _ in range(60):
        prefetch.learn(prefetch.limit(), prefetch.limit() * 1e-6)
    assert prefetch.limit() > 100


def test_prefetch_can_start_again_with_one():
    prefetch = Prefetch()
    for _ in range(12):
        prefetch.learn(100, 0.0)
    prefetch.restart()
    assert prefetch.limit() == 1
    prefetch.learn(1, 0.0)
    assert prefetch.limit() == 2

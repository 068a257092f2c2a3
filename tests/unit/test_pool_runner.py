"""Places that start the next waiting run themselves, without a loop around them."""

import asyncio
import threading
import time
from collections import deque

import pytest

from lightjobs import Job
from lightjobs.execution import registry
from lightjobs.workers.in_flight import InFlight
from lightjobs.workers.logs.job_log import JobLog
from lightjobs.workers.pool_runner import PoolRunner
from lightjobs.workers.shared.journal import Journal
from lightjobs.workers.stop_flag import StopFlag
from tests.support.waiting import wait_until

from .support import claim, ran

running = []
together = []


class Sync(Job):
    def handle(self):
        running.append(self)
        time.sleep(self.payload.get("sleep", 0))
        together.append((self.context.id, len(running)))
        running.pop()
        ran.append(self.context.id)


class Async(Job):
    async def handle(self):
        running.append(self)
        await asyncio.sleep(self.payload.get("sleep", 0))
        together.append((self.context.id, len(running)))
        running.pop()
        ran.append(self.context.id)


@pytest.fixture(autouse=True)
def _none_running():
    running.clear()
    together.clear()


@pytest.fixture
def in_flight():
    return InFlight(Journal())


@pytest.fixture
def pool(in_flight):
    made = []

    def make(concurrency, process_state=None):
        made.append(PoolRunner(in_flight, JobLog(), concurrency, process_state))
        return made[-1]

    yield make
    for each in made:
        each.close()


def claims(jobs, sleep=0.0, **fields):
    payload = f'{{"sleep": {sleep}}}'
    return [claim(registry.handler_of(job), payload, **fields) for job in jobs]


@pytest.mark.parametrize("jobs", [[Sync] * 50, [Async] * 50, [Sync, Async, Async] * 17])
def test_a_place_whose_job_has_ended_starts_the_next_run_itself(in_flight, pool, jobs):
    waiting = claims(jobs)
    in_flight.add(waiting)
    pool(2).start(StopFlag())  # once: what waits is started without the loop
    wait_until(lambda: len(in_flight.finished) == len(jobs))
    assert sorted(ran) == sorted(each.id for each in waiting)
    assert max(count for _id, count in together) <= 2
    assert not in_flight.running


@pytest.mark.parametrize("job", [Sync, Async])
def test_once_the_stop_flag_is_raised_no_place_starts_another_run(in_flight, pool, job):
    in_flight.add(claims([job] * 6, sleep=0.1))
    stop = StopFlag()
    pool(2).start(stop)
    stop.raise_()
    wait_until(lambda: not in_flight.running)
    assert len(in_flight.finished) == 2
    assert len(in_flight.waiting) == 4


@pytest.mark.parametrize("job", [Sync, Async])
def test_a_run_that_arrives_just_before_the_last_place_becomes_free_is_started(
    in_flight, pool, job
):
    class Places(deque):
        def append(self, place):
            if not late:
                late.extend(claims([job]))
                in_flight.add(late)
                runner.start(stop)  # finds no free place
            super().append(place)

    late = []
    runner, stop = pool(1), StopFlag()
    runner._places = Places(runner._places)
    in_flight.add(claims([job]))
    runner.start(stop)
    wait_until(lambda: len(in_flight.finished) == 2, 5)


@pytest.mark.parametrize("job", [Sync, Async])
def test_a_job_that_may_have_killed_its_workers_runs_next_to_no_other(in_flight, pool, job):
    alone = []
    for _ in range(8):
        in_flight.add(claims([job] * 6, sleep=0.002))
        in_flight.add(suspects := claims([job] * 2, sleep=0.002, recoveries=2))
        alone += [each.id for each in suspects]
    runner, stop = pool(5), StopFlag()
    deadline = time.monotonic() + 20
    while len(in_flight.finished) < 64 and time.monotonic() < deadline:
        runner.start(stop)
        runner.progress(0.05, 0)
    assert len(in_flight.finished) == 64
    assert {count for id, count in together if id in alone} == {1}
    assert max(count for id, count in together) > 1


def test_a_run_that_had_to_wait_after_all_can_be_handed_back(in_flight):
    (waiting,) = claims([Sync])
    in_flight.add([waiting])
    in_flight.put_back(in_flight.start())
    (noted,) = in_flight.journal.read()
    assert (noted.id, noted.started) == (waiting.id, False)
    assert in_flight.start().claim == waiting


def test_the_state_of_the_process_is_put_back_only_while_no_handler_runs(in_flight, pool):
    class State:
        seen = []
        has_lost_descriptors = False

        def restore_after_several(self):
            for _ in range(20):
                self.seen.append(len(running))
                time.sleep(0.0005)

        def check_descriptors(self):
            pass

    runner, stop = pool(3, State()), StopFlag()
    for count in range(1, 41):
        in_flight.add(claims([Sync] * 3, sleep=0.001))
        runner.start(stop)
        if count % 2:
            wait_until(lambda: not in_flight.running)
    wait_until(lambda: len(in_flight.finished) == 120 or runner.start(stop))
    assert set(State.seen) == {0}


def test_a_job_that_starts_just_before_the_state_is_put_back_does_not_hold_up_the_others(
    in_flight, pool
):
    class Running(dict):
        """While nothing runs yet, the first look lets a place start a long job."""

        def __len__(self):
            if looks:
                looks.pop()
                runner._submit(runner._placed())
                return 0
            return super().__len__()

    looks = []
    runner, stop = pool(3), StopFlag()
    in_flight.add(claims([Sync]))
    runner.start(stop)
    wait_until(lambda: len(in_flight.finished) == 1)
    in_flight.running = Running()
    in_flight.add([*claims([Sync], sleep=0.5), *claims([Sync] * 2)])
    looks.append(1)
    runner.start(stop)
    wait_until(lambda: len(in_flight.finished) == 3, 5)
    assert len(in_flight.running) == 1  # the long one


def test_the_loop_is_woken_when_few_runs_wait_and_not_before(in_flight, pool):
    runner, stop = pool(1), StopFlag()
    in_flight.add(claims([Sync] * 5, sleep=0.05))
    runner.progress(0, 2)
    runner.start(stop)
    started = time.monotonic()
    runner.progress(5, 2)
    assert len(in_flight.waiting) == 2
    assert 0.08 < time.monotonic() - started < 4


def test_how_long_a_job_occupied_its_place_counts_the_wait_of_its_task(in_flight, pool):
    class Busy(Job):
        async def handle(self):
            time.sleep(0.02)

    in_flight.add(claims([Busy] * 4))
    pool(4).start(StopFlag())
    wait_until(lambda: len(in_flight.finished) == 4)
    times = sorted(run.occupied for run in in_flight.finished)
    assert times[-1] > 0.07
    assert all(run.seconds < 0.06 for run in in_flight.finished)


def test_two_threads_that_need_an_event_loop_get_the_same(in_flight, pool):
    runner = pool(2)
    barrier, found = threading.Barrier(8), []

    def ask():
        barrier.wait()
        found.append(runner._usable_loop())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1

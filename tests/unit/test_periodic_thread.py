import logging
import math
import threading
import time

from lightjobs.engines import answer_limit
from lightjobs.errors import StoreUnavailable
from lightjobs.workers.periodic import Task
from lightjobs.workers.periodic_thread import PeriodicThread, stop
from tests.support.waiting import wait_until


def attempt(run):
    try:
        run()
    except StoreUnavailable as error:
        logging.getLogger("lightjobs.worker").warning("%s", error)
        return False
    return True


def started(run, interval=0.01, **options):
    thread = PeriodicThread("test", [Task(interval, run)], attempt, 3.0, **options)
    thread.start()
    return thread


def test_a_task_runs_at_its_interval_in_another_thread_with_the_limit():
    ran = []
    thread = started(lambda: ran.append((threading.current_thread(), answer_limit.seconds())))
    wait_until(lambda: len(ran) >= 3)
    stop([thread])
    assert set(ran) == {(thread, 3.0)}
    assert answer_limit.seconds() == math.inf
    count = len(ran)
    time.sleep(0.05)
    assert len(ran) == count
    assert not thread.is_alive()


def test_a_task_can_be_due_at_once():
    ran = []
    thread = started(lambda: ran.append(1), interval=60, at_once=True)
    wait_until(lambda: ran)
    stop([thread])


def test_a_task_that_finds_the_store_away_is_tried_again(caplog):
    ran = []

    def run():
        ran.append(1)
        raise StoreUnavailable("gone")

    with caplog.at_level(logging.WARNING):
        thread = started(run)
        wait_until(lambda: len(ran) >= 2)
    stop([thread])
    assert "gone" in caplog.text


def test_a_stop_does_not_wait_for_a_task_that_hangs():
    go_on = threading.Event()
    threads = [started(go_on.wait, at_once=True) for _ in range(3)]
    time.sleep(0.05)
    began = time.monotonic()
    stop(threads)
    assert time.monotonic() - began < 2
    go_on.set()
    for thread in threads:
        thread.join(10)


def test_a_thread_can_be_stopped_before_it_was_started():
    stop([PeriodicThread("test", [], attempt, 1.0)])


def test_the_first_run_is_waited_for():
    ran = []
    thread = started(lambda: (time.sleep(0.2), ran.append(1)), interval=60, at_once=True)
    thread.finish_first(lambda: False)
    assert ran == [1]
    stop([thread])


def test_the_first_run_is_not_waited_for_once_it_is_urgent_or_for_long(monkeypatch):
    monkeypatch.setattr("lightjobs.workers.periodic_thread.FIRST_SECONDS", 0.2)
    go_on = threading.Event()
    thread = started(lambda: go_on.wait(10), interval=60, at_once=True)
    began = time.monotonic()
    thread.finish_first(lambda: True)
    assert time.monotonic() - began < 0.1
    thread.finish_first(lambda: False)
    assert 0.1 < time.monotonic() - began < 2
    go_on.set()
    stop([thread])

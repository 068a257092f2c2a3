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
    assert time.monotonic() - began < 10
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
    go_on = threading.Event()
    thread = started(lambda: go_on.wait(60), interval=60, at_once=True)
    monkeypatch.setattr("lightjobs.workers.periodic_thread.FIRST_SECONDS", 60)
    began = time.monotonic()
    thread.finish_first(lambda: True)
    assert time.monotonic() - began < 30
    monkeypatch.setattr("lightjobs.workers.periodic_thread.FIRST_SECONDS", 0.2)
    began = time.monotonic()
    thread.finish_first(lambda: False)
    assert 0.1 < time.monotonic() - began < 30
    assert thread.is_alive()
    go_on.set()
    stop([thread])


def test_a_task_is_brought_forward():
    ran = []
    thread = started(lambda: ran.append(1), interval=60)
    time.sleep(0.05)
    assert not ran
    thread.hurry(0.01)
    wait_until(lambda: ran)
    stop([thread])


def test_what_is_to_be_done_at_the_end_is_done_once_and_waited_for():
    done = []

    def last():
        time.sleep(0.1)
        done.append(threading.current_thread())

    thread = started(lambda: None, interval=60, at_end=last)
    thread.finish(10, lambda: False)
    assert done == [thread]
    thread.join(10)
    thread.finish(10, lambda: False)
    assert done == [thread]


def test_an_end_that_takes_long_is_left_to_itself():
    over = threading.Event()
    thread = started(lambda: None, interval=60, at_end=lambda: over.wait(10) and None)
    began = time.monotonic()
    thread.finish(0.1, lambda: False)
    thread.finish(60, lambda: True)
    assert thread.is_alive()
    assert time.monotonic() - began < 9
    over.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_thread_with_nothing_to_do_at_the_end_is_not_waited_for():
    over, entered = threading.Event(), threading.Event()
    thread = started(lambda: entered.set() or (over.wait(10) and None), interval=0.01)
    assert entered.wait(10)
    thread.finish(60, lambda: False)
    assert thread.is_alive()
    over.set()
    thread.join(10)


def test_the_first_task_is_finished_though_another_takes_long():
    over, ran = threading.Event(), []
    tasks = [Task(60, lambda: ran.append(1)), Task(60, lambda: over.wait(10) and None)]
    thread = PeriodicThread("test", tasks, attempt, 3.0, at_once=True)
    thread.start()
    thread.finish_first(lambda: False)
    assert ran
    assert thread.is_alive()
    over.set()
    stop([thread])

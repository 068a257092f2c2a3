import logging
import threading

from lightjobs.errors import StoreUnavailable
from lightjobs.workers.background import BackgroundWork
from tests.support.waiting import wait_until


def test_work_runs_in_another_thread_and_once_at_a_time():
    go_on, began = threading.Event(), []

    def work():
        began.append(threading.current_thread())
        assert go_on.wait(10)

    background = BackgroundWork(work)
    for _ in range(5):
        background()
    wait_until(lambda: began)
    assert len(began) == 1
    assert began[0] is not threading.main_thread()
    go_on.set()
    wait_until(lambda: not background._wanted.is_set())
    background()
    wait_until(lambda: len(began) == 2)


def test_work_that_finds_the_store_away_is_tried_again_at_the_next_call(caplog):
    began = []

    def work():
        began.append(1)
        raise StoreUnavailable("gone")

    background = BackgroundWork(work)
    with caplog.at_level(logging.WARNING):
        background()
        wait_until(lambda: "gone" in caplog.text)
    wait_until(lambda: not background._wanted.is_set())
    background()
    wait_until(lambda: len(began) == 2)

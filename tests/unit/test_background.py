import logging
import threading

from lightjobs.errors import StoreUnavailable
from lightjobs.workers.background import BackgroundWork
from tests.support.waiting import wait_until


def test_a_chore_runs_beside_its_caller_and_once_at_a_time():
    go_on, began = threading.Event(), []

    def work():
        began.append(threading.current_thread())
        assert go_on.wait(10)

    chore = BackgroundWork(work)
    for _ in range(5):
        chore()
    wait_until(lambda: began)
    assert len(began) == 1
    assert began[0] is not threading.main_thread()
    go_on.set()
    wait_until(lambda: not chore._wanted.is_set())
    chore()
    wait_until(lambda: len(began) == 2)


def test_a_chore_that_meets_no_store_is_tried_the_next_time(caplog):
    began = []

    def work():
        began.append(1)
        raise StoreUnavailable("gone")

    chore = BackgroundWork(work)
    with caplog.at_level(logging.WARNING):
        chore()
        wait_until(lambda: "gone" in caplog.text)
    wait_until(lambda: not chore._wanted.is_set())
    chore()
    wait_until(lambda: len(began) == 2)

"""Which queue a worker asks first."""

import pytest

from lightjobs import Job, worker
from lightjobs.model import Claim
from lightjobs.workers.queue_order import QueueOrder
from tests.support.waiting import wait_until

ran: list[str] = []


class Served(Job):
    def handle(self):
        ran.append(self.context.queue)


def claims(*queues):
    return [Claim("1", 1, "Served", queue, "{}", 1, 0, "", None) for queue in queues]


def test_the_order_that_was_given_stays_unless_queues_take_turns():
    order = QueueOrder(["a", "b", "c"])
    order.note(claims("a", "a"))
    assert order.queues == ("a", "b", "c")


def test_queues_that_have_brought_jobs_come_last():
    order = QueueOrder(["a", "b", "c"], "rotate")
    assert order.queues == ("a", "b", "c")
    order.note(claims("a", "a"))
    assert order.queues == ("b", "c", "a")
    order.note(claims("c"))  # nothing was due in b: it keeps its turn
    assert order.queues == ("b", "a", "c")
    order.note(claims("b", "a"))
    assert order.queues == ("c", "b", "a")
    order.note([])
    assert order.queues == ("c", "b", "a")


@pytest.mark.parametrize("order", ["strict", "rotate"])
def test_a_long_queue_does_not_hold_up_a_short_one_if_they_take_turns(engine, order):
    ran.clear()
    Served().setQueue("long").dispatchMany([{}] * 3000)
    Served().setQueue("short").dispatchMany([{}] * 3)
    with worker(queues=["long", "short"], queue_order=order):
        wait_until(lambda: len(ran) == 3003)
    if order == "strict":
        assert ran[-3:] == ["short"] * 3
    else:
        assert ran.index("short") <= 500  # what one claim brings at most

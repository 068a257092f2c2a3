"""Claims that reach the store after their worker has given them up do not stay stuck under it."""

import time

import pytest

from lightjobs.engines.memory import MemoryEngine
from lightjobs.model import NewJob
from lightjobs.workers.claiming import Claiming
from lightjobs.workers.in_flight import InFlight
from lightjobs.workers.queue_order import QueueOrder
from lightjobs.workers.shared.journal import Journal
from lightjobs.workers.strays import AGAIN_SECONDS, Strays
from tests.support.waiting import wait_until

from .working import Worker


@pytest.fixture
def engine():
    engine = MemoryEngine()
    engine.push([NewJob("App\\Jobs\\Stray", "default", "{}") for _ in range(3)])
    engine.register("me", 30)
    return engine


@pytest.fixture
def in_flight():
    return InFlight(Journal())


@pytest.fixture
def claiming(engine, in_flight):
    return Claiming(engine, "me", QueueOrder(["default"]), in_flight)


@pytest.fixture
def strays(engine, in_flight, claiming):
    return Strays(engine, "me", in_flight, claiming, interval=0.0)


def statuses(engine):
    return engine.stats()["default"]


def looked_again(strays):
    strays.check()
    time.sleep(AGAIN_SECONDS)
    strays.check()


def test_a_claim_that_the_worker_does_not_know_goes_back_at_no_cost(
    engine, claiming, strays, caplog
):
    claiming.claim(1)
    (late,) = engine.claim("me", ["default"], 1)
    strays.check()
    assert statuses(engine)["queued"] == 2  # its reply may still be on its way
    looked_again(strays)
    assert statuses(engine)["queued"] == 1
    assert "handed back 1 claims that reached the store late" in caplog.text
    found = engine.find(late.id)
    assert (found.status, found.attempts) == ("new", 0)


def test_what_is_in_flight_is_no_stray(engine, claiming, strays):
    claiming.claim(1)
    for _ in range(2):
        looked_again(strays)
    assert statuses(engine)["queued"] == 1


def test_a_claim_whose_reply_is_on_its_way_is_no_stray(engine, claiming, strays, monkeypatch):
    claim = engine.claim

    def slow(*args):
        claims = claim(*args)
        looked_again(strays)
        looked_again(strays)
        return claims

    monkeypatch.setattr(engine, "claim", slow)
    claiming.claim(1)
    looked_again(strays)
    assert statuses(engine)["queued"] == 1


def test_a_claim_that_is_adopted_after_the_first_look_is_no_stray(engine, claiming, strays):
    engine.claim("me", ["default"], 1)
    claiming.in_doubt = True
    strays.check()
    claiming.claim(2)
    time.sleep(AGAIN_SECONDS)
    strays.check()
    assert statuses(engine)["queued"] == 2


def test_a_loop_looks_three_times_in_a_lease(engine):
    worker = Worker(engine, lease=1.5, stop_when_empty=False)
    engine.claim(worker.name, ["default"], 3)
    thread = worker.start()
    wait_until(lambda: not engine.held(worker.name))
    worker.stop(thread)

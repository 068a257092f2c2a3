"""Claims and hand-backs on a memory engine, without a loop."""

import pytest

from lightjobs import Job
from lightjobs.engines.where import Where
from lightjobs.errors import StoreUnavailable
from lightjobs.workers.claiming import Claiming
from lightjobs.workers.in_flight import InFlight
from lightjobs.workers.queue_order import QueueOrder
from lightjobs.workers.shared.busy import BusyFlags
from lightjobs.workers.shared.journal import Journal
from lightjobs.workers.shared.run_budget import RunBudget
from tests.support.engines import Wrapped, failing, greedy, partly


class Work(Job):
    def handle(self):
        pass


def claiming_on(engine, **shared):
    engine.register("worker", 30)
    return Claiming(engine, "worker", QueueOrder(["default"]), InFlight(Journal()), **shared)


def ids(runs):
    return [run.claim.id for run in runs]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_runs_whose_hand_back_failed_wait_in_the_same_order_and_are_handed_back_later(
    engine, after
):
    dispatched = Work.dispatchMany([{}] * 5)
    away = Wrapped(greedy(engine), settle=failing(engine.settle, 1, after))
    claiming = claiming_on(away, run_budget=RunBudget.of(5))
    claiming.prefetch.learn(1, 0.0)
    claiming.claim(5)
    in_flight = claiming._in_flight
    with pytest.raises(StoreUnavailable):
        claiming.hand_back(in_flight.take_waiting())
    assert ids(in_flight.waiting) == dispatched
    assert len(in_flight) == len(in_flight.journal.read()) == 5
    assert claiming._run_budget.take(5) == 0
    claiming.hand_back_all()
    assert len(in_flight) == len(in_flight.journal.read()) == 0
    assert claiming._run_budget.take(9) == 5
    assert {job.attempts for job in engine.browse(Where(status="new"))} == {0}


def test_runs_whose_part_of_the_store_is_away_wait_and_the_others_are_handed_back(engine):
    dispatched = Work.dispatchMany([{}] * 5)
    away = set(dispatched[1:3])
    claiming = claiming_on(Wrapped(greedy(engine), settle=partly(engine, away)))
    claiming._run_budget = RunBudget.of(5)
    claiming.claim(5)
    in_flight = claiming._in_flight
    with pytest.raises(StoreUnavailable):
        claiming.hand_back(in_flight.take_waiting())
    assert ids(in_flight.waiting) == dispatched[1:3]
    assert len(in_flight) == len(in_flight.journal.read()) == 2
    assert engine.stats()["default"]["new"] == 3
    away.clear()
    claiming.hand_back_all()
    assert len(in_flight) == 0
    assert engine.stats()["default"]["new"] == 5


def test_the_runs_that_are_kept_and_those_whose_hand_back_failed_all_wait(engine):
    dispatched = Work.dispatchMany([{}] * 5)
    claiming = claiming_on(Wrapped(greedy(engine), settle=failing(engine.settle, 1)))
    claiming.claim(5)
    in_flight = claiming._in_flight
    with pytest.raises(StoreUnavailable):
        claiming.hand_back(in_flight.take_waiting(keep=2))
    assert sorted(ids(in_flight.waiting), key=int) == dispatched


def test_nothing_is_claimed_when_no_place_is_free(engine):
    Work.dispatchMany([{}] * 5)
    claiming = claiming_on(engine)
    claiming.claim(0)
    assert engine.held("worker") == []
    claiming.claim(3)
    assert len(engine.held("worker")) == 3


def test_a_claim_takes_from_the_budget_only_the_runs_it_brought(engine):
    Work.dispatchMany([{}] * 3)
    budget = RunBudget.of(10)
    claiming = claiming_on(engine, run_budget=budget)
    claiming.claim(5)
    assert budget.take(10) == 7
    claiming.claim(5)
    assert claiming.budget_spent


def test_the_busy_flag_is_set_before_the_store_is_asked(engine):
    flags = BusyFlags.make()
    seen = []

    def claim(*arguments):
        seen.append(flags.any_busy())
        return engine.claim(*arguments)

    claiming_on(Wrapped(engine, claim=claim), busy_flags=flags).claim(1)
    assert seen == [True]


def test_a_worker_that_the_store_does_not_know_is_given_up(engine):
    Work().dispatch()
    claiming = claiming_on(engine)
    engine.recover("worker")
    claiming.claim(1)
    assert claiming.given_up
    assert not claiming._in_flight.waiting

import time

from lightjobs.execution.run import Run
from lightjobs.model import Done
from lightjobs.workers.holdings import Holdings
from lightjobs.workers.journal import Journal

from .support import claim


def held(count):
    holdings = Holdings(Journal())
    claims = [claim() for _ in range(count)]
    holdings.add(claims)
    return holdings, claims


def finish(holdings, ticket):
    run = Run(ticket.claim)
    run.outcome = Done(ticket.claim.id, ticket.claim.fence)
    holdings.finish(run, ticket.slot)
    return run


def test_claims_start_in_order():
    holdings, claims = held(3)
    assert [holdings.start().claim for _ in claims] == claims
    assert holdings.start() is None
    assert len(holdings) == 3


def test_every_state_is_in_the_journal():
    holdings, claims = held(3)
    finish(holdings, holdings.start())
    holdings.start()
    states = {h.id: (h.started, h.outcome) for h in holdings.journal.read()}
    done = Done(claims[0].id, 1)
    assert states == {
        claims[0].id: (True, done),
        claims[1].id: (True, None),
        claims[2].id: (False, None),
    }


def test_claims_of_every_state_are_known():
    holdings, claims = held(3)
    finish(holdings, holdings.start())
    holdings.start()
    assert list(holdings.claims.values()) == claims
    assert len(holdings) == 3


def test_finished_runs_are_taken_once_and_held_until_they_are_forgotten():
    holdings, claims = held(2)
    run = finish(holdings, holdings.start())
    (ended,) = holdings.take_finished()
    assert ended.run is run
    assert holdings.take_finished() == []
    assert len(holdings) == 2
    holdings.forget([ended.slot])
    assert len(holdings) == 1
    assert list(holdings.claims.values()) == [claims[1]]
    assert [h.id for h in holdings.journal.read()] == [claims[1].id]


def test_unstarted_claims_are_taken_but_the_first_ones():
    holdings, claims = held(5)
    assert {t.claim.id for t in holdings.take_unstarted(keep=2)} == {c.id for c in claims[2:]}
    assert holdings.take_unstarted(keep=2) == []
    assert holdings.start().claim == claims[0]
    assert [t.claim for t in holdings.take_unstarted()] == claims[1:2]


def test_the_longest_run_is_that_of_the_oldest_running_job():
    holdings, _claims = held(2)
    assert holdings.longest_run() == 0.0
    first = holdings.start()
    time.sleep(0.05)
    holdings.start()
    assert 0.05 <= holdings.longest_run() < 1
    finish(holdings, first)
    assert holdings.longest_run() < 0.05

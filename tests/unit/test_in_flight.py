import time

from lightjobs.model import Done
from lightjobs.workers.in_flight import InFlight
from lightjobs.workers.shared.journal import Journal

from .support import claim


def held(count):
    in_flight = InFlight(Journal())
    claims = [claim() for _ in range(count)]
    in_flight.add(claims)
    return in_flight, claims


def finish(in_flight, run):
    run.outcome = Done(run.claim.id, run.claim.fence)
    in_flight.finish(run)
    return run


def test_claims_start_in_order():
    in_flight, claims = held(3)
    assert [in_flight.start().claim for _ in claims] == claims
    assert in_flight.start() is None
    assert len(in_flight) == 3


def test_every_state_is_in_the_journal():
    in_flight, claims = held(3)
    finish(in_flight, in_flight.start())
    in_flight.start()
    states = {h.id: (h.started, h.outcome) for h in in_flight.journal.read()}
    done = Done(claims[0].id, 1)
    assert states == {
        claims[0].id: (True, done),
        claims[1].id: (True, None),
        claims[2].id: (False, None),
    }


def test_runs_holds_the_claims_of_every_state():
    in_flight, claims = held(3)
    finish(in_flight, in_flight.start())
    in_flight.start()
    assert [run.claim for run in in_flight.runs.values()] == claims
    assert len(in_flight) == 3


def test_finished_runs_are_taken_once_and_held_until_they_are_forgotten():
    in_flight, claims = held(2)
    run = finish(in_flight, in_flight.start())
    assert in_flight.take_finished() == [run]
    assert in_flight.take_finished() == []
    assert len(in_flight) == 2
    in_flight.forget([run])
    assert len(in_flight) == 1
    assert [run.claim for run in in_flight.runs.values()] == [claims[1]]
    assert [h.id for h in in_flight.journal.read()] == [claims[1].id]


def test_waiting_runs_are_taken_except_the_first_ones():
    in_flight, claims = held(5)
    assert {t.claim.id for t in in_flight.take_waiting(keep=2)} == {c.id for c in claims[2:]}
    assert in_flight.take_waiting(keep=2) == []
    assert in_flight.start().claim == claims[0]
    assert [t.claim for t in in_flight.take_waiting()] == claims[1:2]


def test_running_for_counts_from_the_start_of_a_run():
    in_flight, _claims = held(2)
    assert in_flight.running_for(0.0) == []
    first = in_flight.start()
    time.sleep(0.05)
    second = in_flight.start()
    assert in_flight.running_for(0.05) == [first]
    assert in_flight.running_for(0.0) == [first, second]
    finish(in_flight, first)
    assert in_flight.running_for(0.05) in ([], [second])
    assert in_flight.running_for(60.0) == []


def test_a_waiting_run_is_taken_once_and_not_when_it_has_started():
    in_flight, _claims = held(2)
    started, waiting = in_flight.start(), in_flight.waiting[0]
    assert not in_flight.take(started)
    assert in_flight.take(waiting)
    assert not in_flight.take(waiting)
    assert in_flight.start() is None


def test_a_run_that_was_taken_away_does_not_start():
    in_flight = InFlight(Journal())
    in_flight.add([claim(id=str(n), fence=n) for n in range(3)])
    in_flight.start()
    in_flight.journal.take({job for job in in_flight.journal.unstarted() if job[1] == "1"})
    assert in_flight.start().claim.id == "2"
    assert in_flight.start() is None
    assert sorted(run.claim.id for run in in_flight.running.values()) == ["0", "2"]
    assert [run.claim.id for run in in_flight.take_taken()] == ["1"]
    assert not in_flight.taken

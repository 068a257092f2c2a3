"""What a supervisor learns of a claim whose answer its child has not read."""

import pytest

from lightjobs.engines.memory import MemoryEngine
from lightjobs.model import Done, NewJob
from lightjobs.workers.in_flight import InFlight
from lightjobs.workers.reclaim import reclaim
from lightjobs.workers.shared.journal import Journal

from .support import claim


@pytest.fixture
def journal():
    made = Journal()
    yield made
    made.close()


@pytest.fixture
def reader(journal):
    """The journal as its supervisor opens it."""
    return Journal(journal.descriptor)


@pytest.fixture
def in_flight(journal):
    return InFlight(journal)


def test_a_claim_is_under_way_until_the_journal_has_what_it_brought(journal, reader, in_flight):
    assert not reader.claim_note.under_way
    journal.claim_note.begin(7)
    first = reader.claim_note.under_way
    assert first
    assert reader.claim_note.granted == 7
    in_flight.add([claim()])
    assert not reader.claim_note.under_way
    journal.claim_note.begin(1)
    assert reader.claim_note.under_way > first
    in_flight.add([])
    assert not reader.claim_note.under_way
    assert len(in_flight.waiting) == 1


def test_it_is_unread_only_while_a_job_runs(journal, reader, in_flight):
    in_flight.add([claim()])
    journal.claim_note.begin(1)
    assert not reader.unread()
    in_flight.start()
    assert reader.unread() == reader.claim_note.under_way


def test_what_a_claim_brings_that_was_taken_away_does_not_start(journal, reader, in_flight):
    journal.claim_note.begin(2)
    assert reader.claim_note.take(reader.claim_note.under_way)
    in_flight.add([claim(id="1"), claim(id="2")])
    assert [run.claim.id for run in in_flight.take_taken()] == ["1", "2"]
    assert in_flight.start() is None
    journal.claim_note.begin(1)
    in_flight.add([claim(id="3")])
    assert in_flight.start().claim.id == "3"


def test_a_claim_whose_answer_has_been_read_cannot_be_taken(journal, reader, in_flight):
    journal.claim_note.begin(1)
    number = reader.claim_note.under_way
    in_flight.add([claim(id="1")])
    assert not reader.claim_note.take(number)
    journal.claim_note.begin(1)
    in_flight.add([claim(id="2")])
    assert [run.claim.id for run in in_flight.waiting] == ["1", "2"]


class TestReclaim:
    @pytest.fixture
    def engine(self):
        engine = MemoryEngine()
        engine.push([NewJob("App\\Jobs\\Work", "default", "{}") for _ in range(5)])
        engine.register("dead", 30)
        return engine

    def test_what_a_dead_worker_had_not_read_goes_back_at_no_cost(self, engine, in_flight):
        in_flight.add(engine.claim("dead", ["default"], 3))
        finished, running = in_flight.start(), in_flight.start()
        finished.outcome = Done(finished.claim.id, finished.claim.fence)
        in_flight.finish(finished)
        in_flight.journal.claim_note.begin(4)
        unread = engine.claim("dead", ["default"], 4)
        done = reclaim(engine, "dead", in_flight.journal, False, {})
        assert done.handed_back == 1 + 4, "the one that waited, and what the claim was granted"
        assert engine.find(finished.claim.id) is None
        assert engine.find(running.claim.id).recoveries == 1
        for id in [in_flight.waiting[0].claim.id, *(each.id for each in unread)]:
            job = engine.find(id)
            assert (job.status, job.attempts, job.recoveries) == ("new", 0, 0)

    def test_without_a_claim_under_way_what_is_unknown_is_recovered(self, engine, in_flight):
        """It may be a run of which the store has refused every outcome."""
        (unknown,) = engine.claim("dead", ["default"], 1)
        assert reclaim(engine, "dead", in_flight.journal, False, {}).handed_back == 0
        assert engine.find(unknown.id).recoveries == 1

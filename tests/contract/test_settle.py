"""What each outcome makes of its job, one by one and many in one call."""

import time

import pytest

from lightjobs.engines.store import MAX_RECOVERIES
from lightjobs.engines.where import Where
from lightjobs.model import Done, Expired, Failed, HandBack, Release, Retention, Settlement

from .support import KINDS, claim_one, drain, one_claim, outcomes, push, unwaited, worker


@pytest.fixture
def held(engine):
    """A worker with one claim."""
    return one_claim(engine)


def test_done_removes_the_job(engine, held):
    name, claim = held
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]
    assert engine.find(claim.id) is None
    assert engine.stats() == {}
    assert engine.held(name) == []


def test_release_puts_the_job_back_as_told(engine, held):
    name, claim = held
    due = time.time() + 3600
    assert engine.settle(name, [Release(claim.id, claim.fence, due, 7)]) == [Settlement.ACCEPTED]
    stored = engine.find(claim.id)
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(due))
    assert (stored.status, stored.attempts, stored.scheduled_at) == ("new", 7, moment)
    assert (stored.worker, stored.exception, stored.failed_at) == (None, None, None)
    assert stored.options == '{"attempts":3}'
    assert engine.held(name) == []
    assert drain(engine) == []


def test_a_job_that_waits_for_its_retry_keeps_why_it_failed(engine):
    texts = ["ValueError: “boom” 💥\n\nTraceback …", "null", '"', "x" * 16_384, None]
    ids = push(engine, len(texts))
    name = worker(engine)
    claims = {claim.id: claim for claim in engine.claim(name, ["q"], 10)}
    released = [
        Release(id, claims[id].fence, time.time() - 1, 1, text)
        for id, text in zip(ids, texts, strict=True)
    ]
    assert set(engine.settle(name, released)) == {Settlement.ACCEPTED}
    assert [engine.find(id).exception for id in ids] == texts
    assert {engine.find(id).status for id in ids} == {"new"}

    # It is kept while the next run lasts, and until there is another outcome.
    claims = {claim.id: claim for claim in engine.claim(name, ["q"], 10)}
    assert engine.find(ids[0]).exception == texts[0]
    engine.settle(name, [HandBack(ids[0], claims[ids[0]].fence)])
    assert engine.find(ids[0]).exception == texts[0]
    engine.settle(name, [Release(ids[1], claims[ids[1]].fence, time.time() + 9, 1)])
    assert engine.find(ids[1]).exception is None
    engine.settle(name, [Failed(ids[2], claims[ids[2]].fence, "for good")])
    assert engine.find(ids[2]).exception == "for good"


def test_a_job_that_completed_at_last_keeps_no_exception(engine, held):
    name, claim = held
    engine.retention = Retention(completed=None)
    engine.settle(name, [Release(claim.id, claim.fence, time.time() - 1, 1, "ValueError")])
    again = claim_one(engine, name)
    engine.settle(name, [Done(again.id, again.fence)])
    assert engine.find(claim.id).exception is None


def test_a_released_job_is_claimed_when_it_is_due_again_to_the_fraction(engine, held):
    name, claim = held
    due = time.time() + 0.3
    engine.settle(name, [Release(claim.id, claim.fence, due, 1)])
    asked_at = 0.0
    while not (claims := engine.claim(name, ["q"], 1)):
        assert asked_at < due, "a claim that began after that was refused"
        time.sleep(0.005)
        asked_at = time.time()
    assert time.time() >= due
    assert claims[0].attempts == 2


def test_failed_keeps_the_job_with_its_exception(engine, held):
    name, claim = held
    before = int(time.time())
    text = "ValueError: 'a' \"b\" 🙂\n\nTraceback\n  '); DROP TABLE jobs; --"
    assert engine.settle(name, [Failed(claim.id, claim.fence, text)]) == [Settlement.ACCEPTED]
    stored = engine.find(claim.id)
    assert (stored.status, stored.exception, stored.worker) == ("failed", text, None)
    assert stored.attempts == 1
    assert stored.failed_at >= time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(before))
    assert engine.held(name) == []
    assert drain(engine) == []


def test_hand_back_keeps_the_due_time_and_costs_no_attempt(engine):
    due = int(time.time()) - 100 + 0.25
    (id,) = push(engine, due=due)
    before = engine.find(id)
    name = worker(engine)
    claim = claim_one(engine, name)
    assert engine.settle(name, [HandBack(claim.id, claim.fence)]) == [Settlement.ACCEPTED]
    assert engine.find(id) == before
    again = claim_one(engine, name)
    assert (again.attempts, again.fence) == (1, 2)


def test_a_handed_back_job_keeps_its_place(engine):
    ids = push(engine, 3, due=1000.5)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [HandBack(claim.id, claim.fence)])
    assert [c.id for c in drain(engine)] == ids


def test_a_batch_may_mix_all_kinds(engine):
    engine.retention = Retention(cancelled=None)
    ids = push(engine, 10)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 10)
    batch = [outcomes(c)[KINDS[n % 5]] for n, c in enumerate(claims)]
    assert engine.settle(name, batch) == [Settlement.ACCEPTED] * 10
    found = [stored and stored.status for stored in map(engine.find, ids)]
    assert found == [None, "new", "failed", "new", "cancelled"] * 2
    assert [engine.find(ids[place]).attempts for place in (1, 3, 4)] == [1, 0, 0]


def test_an_expired_job_ends_as_cancelled_and_its_claim_was_no_attempt(engine, held):
    engine.retention = Retention(cancelled=None)
    name, claim = held
    text = "expired: “not” started 💥"
    assert engine.settle(name, [Expired(claim.id, claim.fence, text)]) == [Settlement.ACCEPTED]
    stored = engine.find(claim.id)
    assert (stored.status, stored.attempts, stored.exception) == ("cancelled", 0, text)
    assert (stored.worker, stored.errors) == (None, ())
    assert stored.failed_at
    assert engine.held(name) == drain(engine) == []
    assert [job.id for job in engine.browse(Where(status="cancelled"))] == [claim.id]
    assert engine.stats()["q"]["cancelled"] == 1
    assert engine.move("rerun", Where(job_id=claim.id)) == 1
    assert [(each.id, each.attempts) for each in drain(engine)] == [(claim.id, 1)]


def test_an_expired_job_is_gone_where_cancelled_ones_are_not_kept(engine, held):
    engine.retention = Retention()
    name, claim = held
    expired = Expired(claim.id, claim.fence, "expired")
    assert engine.settle(name, [expired]) == [Settlement.ACCEPTED]
    assert engine.find(claim.id) is None
    assert engine.stats() == {}


def test_settling_nothing_is_nothing(engine):
    assert engine.settle(worker(engine), []) == []


def test_answers_come_in_the_order_of_the_outcomes(engine):
    push(engine, 4)
    name = worker(engine)
    a, b, c, d = engine.claim(name, ["q"], 4)
    batch = [
        Failed(d.id, d.fence + 1, "x"),
        Done(b.id, b.fence),
        HandBack(a.id, a.fence - 1),
        Failed(c.id, c.fence, "x"),
    ]
    lost, accepted = Settlement.LOST, Settlement.ACCEPTED
    assert engine.settle(name, batch) == [lost, accepted, lost, accepted]


def test_recoveries_survive_a_release(engine):
    push(engine)
    name = worker(engine)
    claim_one(engine, name)
    engine.recover(name)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Release(claim.id, claim.fence, 1000.0, 1)])
    assert 0 < claim_one(engine, name).recoveries < MAX_RECOVERIES


def test_a_batch_of_two_thousand_is_settled(engine):
    push(engine, 2000)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 2000)
    assert (
        engine.settle(name, [Done(c.id, c.fence) for c in claims]) == [Settlement.ACCEPTED] * 2000
    )
    assert engine.stats() == {}


def test_the_same_outcome_twice_in_one_batch_counts_once(engine):
    push(engine, 3)
    name = worker(engine)
    a, b, c = engine.claim(name, ["q"], 3)
    done = [Done(a.id, a.fence), Done(b.id, b.fence), Done(a.id, a.fence)]
    assert engine.settle(name, done) == [Settlement.ACCEPTED] * 3
    assert engine.stats()["q"]["queued"] == 1
    assert engine.held(name) == unwaited(c)

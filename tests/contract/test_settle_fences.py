"""Whose outcome counts: that of the worker that holds the job, by the fence of its claim, once."""

import time

import pytest

from lightjobs.model import Done, Expired, Failed, HandBack, Release, Retention, Settlement

from .support import KINDS, claim_one, in_threads, one_claim, outcomes, push, unwaited, worker


@pytest.fixture
def held(engine):
    """A worker with one claim."""
    return one_claim(engine)


def test_a_dead_worker_that_repeats_an_expiry_is_told_that_the_job_is_cancelled(engine, held):
    engine.retention = Retention(cancelled=None)
    name, claim = held
    expired = Expired(claim.id, claim.fence, "expired")
    engine.settle(name, [expired])
    engine.recover(name)
    assert engine.settle(name, [expired]) == [Settlement.CANCELLED]


def test_each_outcome_of_a_batch_is_judged_by_its_own_fence(engine):
    push(engine, 4)
    name = worker(engine)
    engine.settle(name, [HandBack(c.id, c.fence) for c in engine.claim(name, ["q"], 2)])
    a, b, c, d = engine.claim(name, ["q"], 4)
    assert [a.fence, b.fence, c.fence, d.fence] == [2, 2, 1, 1]
    batch = [Done(a.id, 2), Done(c.id, 1), Done(d.id, 2), Done(b.id, 2)]
    lost, accepted = Settlement.LOST, Settlement.ACCEPTED
    assert engine.settle(name, batch) == [accepted, accepted, lost, accepted]
    assert engine.held(name) == unwaited(d)


@pytest.mark.parametrize("kind", KINDS)
def test_stale_fence_cannot_settle(engine, held, kind):
    old, claim = held
    assert engine.recover(old) == 1
    new = worker(engine)
    current = claim_one(engine, new)
    before = engine.find(claim.id)
    assert engine.settle(old, [outcomes(claim)[kind]]) == [Settlement.LOST]
    assert engine.settle(new, [outcomes(claim)[kind]]) == [Settlement.LOST]
    assert engine.find(claim.id) == before
    assert engine.held(new) == unwaited(current)
    assert engine.settle(new, [Done(current.id, current.fence)]) == [Settlement.ACCEPTED]


@pytest.mark.parametrize("kind", KINDS)
def test_another_workers_outcome_with_the_right_fence_is_refused(engine, held, kind):
    name, claim = held
    other = worker(engine)
    assert engine.settle(other, [outcomes(claim)[kind]]) == [Settlement.LOST]
    assert engine.held(name) == unwaited(claim)
    assert engine.settle(name, [outcomes(claim)[kind]]) == [Settlement.ACCEPTED]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fence_that_was_never_given_out_cannot_settle(engine, held, kind):
    name, claim = held
    before = engine.find(claim.id)
    for fence in (0, claim.fence + 1, -1):
        assert engine.settle(name, [outcomes(claim, fence)[kind]]) == [Settlement.LOST]
    assert engine.find(claim.id) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_that_was_never_claimed_cannot_be_settled(engine, kind):
    (id,) = push(engine)
    name = worker(engine)
    push(engine, queue="other")
    claim = claim_one(engine, name, "other")
    before = engine.find(id)
    assert engine.settle(name, [outcomes(claim._replace(id=id))[kind]]) == [Settlement.LOST]
    assert engine.find(id) == before


@pytest.mark.parametrize("kind", KINDS)
def test_settling_twice_is_answered_true_and_changes_nothing(engine, held, kind):
    engine.retention = Retention(cancelled=None)
    name, claim = held
    outcome = outcomes(claim)[kind]
    assert engine.settle(name, [outcome]) == [Settlement.ACCEPTED]
    before = engine.find(claim.id)
    assert engine.settle(name, [outcome]) == [Settlement.ACCEPTED]
    assert engine.find(claim.id) == before


@pytest.mark.parametrize("kind", KINDS)
def test_settling_twice_is_refused_once_the_worker_was_recovered(engine, held, kind):
    name, claim = held
    outcome = outcomes(claim)[kind]
    engine.settle(name, [outcome])
    before = engine.find(claim.id)
    engine.recover(name)
    assert engine.settle(name, [outcome]) == [Settlement.LOST]
    assert engine.find(claim.id) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_recovered_worker_cannot_settle_what_it_held(engine, held, kind):
    name, claim = held
    engine.recover(name)
    before = engine.find(claim.id)
    assert engine.settle(name, [outcomes(claim)[kind]]) == [Settlement.LOST]
    assert engine.find(claim.id) == before


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_job_that_is_gone_accepts_nothing_but_done(engine, held, kind):
    name, claim = held
    engine.settle(name, [Done(claim.id, claim.fence)])
    assert engine.settle(name, [outcomes(claim)[kind]]) == [Settlement.LOST]
    assert engine.find(claim.id) is None


def test_a_failed_job_cannot_be_completed_afterwards(engine, held):
    name, claim = held
    engine.settle(name, [Failed(claim.id, claim.fence, "boom")])
    before = engine.find(claim.id)
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.LOST]
    assert engine.find(claim.id) == before


def test_a_released_job_cannot_be_completed_afterwards(engine, held):
    name, claim = held
    engine.settle(name, [Release(claim.id, claim.fence, time.time() + 60, 1)])
    before = engine.find(claim.id)
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.LOST]
    assert engine.find(claim.id) == before


def test_of_two_workers_outcomes_the_one_with_the_job_is_accepted(engine, held):
    old, first = held
    engine.recover(old)
    new = worker(engine)
    second = claim_one(engine, new)
    assert second.fence > first.fence
    accepted = in_threads(
        lambda: engine.settle(old, [Failed(first.id, first.fence, "from the old one")]),
        lambda: engine.settle(new, [Failed(second.id, second.fence, "from the new one")]),
    )
    assert accepted == [[Settlement.LOST], [Settlement.ACCEPTED]]
    assert engine.find(first.id).exception == "from the new one"


def test_a_stale_and_a_current_outcome_in_one_batch_are_told_apart(engine, held):
    name, first = held
    engine.settle(name, [HandBack(first.id, first.fence)])
    second = claim_one(engine, name)
    batch = [Failed(first.id, first.fence, "stale"), Done(second.id, second.fence)]
    assert engine.settle(name, batch) == [Settlement.LOST, Settlement.ACCEPTED]
    assert engine.find(first.id) is None


def test_a_refused_outcome_does_not_hold_up_the_others(engine):
    push(engine, 50)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 50)
    batch = [Done(c.id, c.fence + (n == 20)) for n, c in enumerate(claims)]
    expected = [Settlement.ACCEPTED] * 50
    expected[20] = Settlement.LOST
    assert engine.settle(name, batch) == expected
    assert engine.stats()["q"]["queued"] == 1


def test_a_lease_that_ran_out_unnoticed_does_not_refuse_an_outcome(engine):
    push(engine)
    name = worker(engine, lease=0.05)
    claim = claim_one(engine, name)
    time.sleep(0.1)
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]

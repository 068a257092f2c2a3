import time

import pytest

from lightjobs.engines.store import MAX_RECOVERIES
from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError
from lightjobs.model import Done, Failed, Retention, Settlement

from .support import KINDS, NO_IDS, claim_one, drain, fail, outcomes, push, unwaited, worker


@pytest.fixture(autouse=True)
def keep_cancelled(engine):
    engine.retention = Retention(cancelled=None)


@pytest.mark.parametrize("fields", [{}, {"due": 1.0}, {"priority": 2}, {"priority": -2}])
def test_a_cancelled_waiting_job_never_runs(engine, fields):
    (id,) = push(engine, **fields)
    (other,) = push(engine)
    assert engine.cancel(id)
    stored = engine.find(id)
    assert stored.status == "cancelled"
    assert stored.failed_at
    assert [c.id for c in drain(engine)] == [other]
    assert engine.stats()["q"]["cancelled"] == 1


def test_a_cancelled_delayed_job_never_runs(engine):
    (id,) = push(engine, due=time.time() + 0.2)
    assert engine.cancel(id)
    time.sleep(0.3)
    assert drain(engine) == []
    assert not engine.wait(["q"], 0.01)


def test_a_cancelled_paused_job_never_runs(engine):
    (id,) = push(engine)
    engine.pause(id)
    assert engine.cancel(id)
    assert not engine.resume(id)
    assert drain(engine) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_outcome_of_a_cancelled_run_is_refused_again_when_its_reply_was_lost(engine, kind):
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    assert engine.cancel(claim.id)
    assert engine.settle(name, [outcomes(claim)[kind]]) == [Settlement.CANCELLED]
    assert engine.settle(name, [outcomes(claim)[kind]]) == [Settlement.CANCELLED]
    assert engine.find(claim.id).status == "cancelled"
    assert drain(engine) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_cancelled_run_that_is_not_kept_is_gone_with_its_first_settlement(engine, kind):
    engine.retention = Retention()
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    assert engine.cancel(claim.id)
    assert engine.find(claim.id).status == "cancelled"
    assert engine.settle(name, [outcomes(claim)[kind]]) == [Settlement.CANCELLED]
    assert engine.find(claim.id) is None
    # Repeated, because that reply was lost: a job that is gone counts as done.
    again = Settlement.ACCEPTED if kind == "done" else Settlement.LOST
    assert engine.settle(name, [outcomes(claim)[kind]]) == [again]
    assert engine.find(claim.id) is None
    assert engine.stats() == {}


def test_a_cancelled_run_is_no_longer_held(engine):
    push(engine, 2)
    name = worker(engine)
    a, b = engine.claim(name, ["q"], 2)
    engine.cancel(a.id)
    assert engine.held(name) == unwaited(b)
    assert engine.settle(name, [Done(a.id, a.fence), Done(b.id, b.fence)]) == [
        Settlement.CANCELLED,
        Settlement.ACCEPTED,
    ]


def test_a_cancelled_running_job_is_not_purged_before_its_worker_has_let_go(engine):
    engine.retention = Retention()
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    assert engine.cancel(claim.id)
    assert engine.purge(Where(status="cancelled")) == engine.expire() == 0
    assert engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.CANCELLED]
    assert engine.find(claim.id) is None


def test_a_cancelled_job_of_a_dead_worker_stays_cancelled(engine):
    push(engine, 2)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 2)
    engine.cancel(claims[0].id)
    assert engine.recover(name) == 1
    assert [c.id for c in drain(engine)] == [claims[1].id]
    assert engine.find(claims[0].id).status == "cancelled"
    assert engine.purge(Where(status="cancelled")) == 1


def test_a_waiting_job_is_gone_when_cancelled_jobs_are_dropped(engine):
    engine.retention = Retention()
    (id,) = push(engine)
    assert engine.cancel(id)
    assert engine.find(id) is None
    assert not engine.cancel(id)


def test_what_has_ended_cannot_be_cancelled(engine):
    (id,) = fail(engine)
    assert not engine.cancel(id)
    assert engine.find(id).status == "failed"
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.settle(name, [Done(claim.id, claim.fence)])
    assert not engine.cancel(claim.id)


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_id_cancels_nothing(engine, text):
    (id,) = push(engine)
    assert not engine.cancel(text)
    assert engine.find(id).status == "new"


def test_a_cancelled_job_can_be_run_again_as_new(engine):
    (id,) = push(engine, priority=1, options='{"attempts":3}')
    before = engine.find(id)
    engine.cancel(id)
    assert engine.move("retry", Where(job_id=id)) == 0
    assert engine.move("rerun", Where(job_id=id)) == 1
    again = engine.find(id)
    assert again == before._replace(scheduled_at=again.scheduled_at)
    assert claim_one(engine).attempts == 1


def test_a_job_cancelled_while_it_ran_and_run_again_refuses_the_old_outcome(engine):
    push(engine)
    name = worker(engine)
    old = claim_one(engine, name)
    engine.cancel(old.id)
    assert engine.move("rerun", Where(job_id=old.id)) == 1
    new = claim_one(engine)
    assert new.fence > old.fence
    assert engine.settle(name, [Failed(old.id, old.fence, "x")]) == [Settlement.LOST]
    assert engine.find(old.id).status == "queued"


def test_a_job_cancelled_while_it_ran_and_run_again_is_nobodys(engine):
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine.cancel(claim.id)
    engine.move("rerun", Where(job_id=claim.id))
    assert engine.find(claim.id).worker is None
    assert engine.purge(Where(status="new")) == 1


def test_a_requeued_job_leaves_its_worker_and_spends_nothing(engine):
    push(engine)
    name = worker(engine)
    old = claim_one(engine, name)
    assert engine.move("requeue", Where(job_id=old.id)) == 1
    assert engine.held(name) == []
    assert engine.settle(name, [Done(old.id, old.fence)]) == [Settlement.LOST]
    new = claim_one(engine)
    assert (new.id, new.attempts, new.recoveries) == (old.id, 1, 0)
    assert new.fence > old.fence
    assert engine.recover(name) == 0


def test_cancelling_spends_no_recoveries_of_others(engine):
    push(engine, 2)
    for _ in range(MAX_RECOVERIES):
        name = worker(engine)
        claims = engine.claim(name, ["q"], 2)
        engine.recover(name)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 2)
    engine.cancel(claims[0].id)
    engine.recover(name)
    assert [engine.find(c.id).status for c in claims] == ["cancelled", "failed"]


def test_cancelled_jobs_are_listed_latest_first(engine):
    ids = push(engine, 3)
    for id in ids:
        engine.cancel(id)
    assert {job.id for job in engine.browse(Where(status="cancelled"))} == set(ids)
    assert len(engine.browse(Where(status="cancelled"), 2)) == 2
    assert engine.browse(Where(status="cancelled", queue="other")) == []


@pytest.mark.parametrize("verb", ["cancel", "pause", "resume"])
@pytest.mark.parametrize("wrong", [None, 1, b"1"])
def test_what_is_no_text_is_refused_and_touches_no_job(engine, verb, wrong):
    (id,) = push(engine)
    with pytest.raises(LightjobsError, match=r"is not a job's id; allowed: the text"):
        getattr(engine, verb)(wrong)
    assert engine.find(id).status == "new"

"""A running job that completes in the caller's own transaction."""

from __future__ import annotations

import time

import pytest

from lightjobs.errors import LightjobsError, StaleClaim, StoreUnavailable
from lightjobs.model import Done, Release, Retention, Settlement, Status

from .support import claim_one, in_threads, push, worker
from .test_join import connection, waiting

__all__ = ["connection"]


def assert_completed(caller, job_id, keeps):
    found = caller.engine.find(job_id)
    assert (found.status if found else None) == (Status.COMPLETED if keeps else None)


@pytest.mark.parametrize("keeps", [False, True], ids=["drops", "keeps"])
def test_a_completion_commits_together_with_the_effects_of_the_run(caller, connection, keeps):
    caller.engine.retention = Retention(completed=None if keeps else 0.0)
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.effect(connection)
    caller.engine.join(connection).complete(claim.id, claim.fence)
    assert caller.engine.find(claim.id).status == "queued"
    connection.commit()
    assert caller.effects() == [1]
    assert_completed(caller, claim.id, keeps)
    # The worker settles the ended run, and once more when the answer was lost:
    for _ in range(2):
        assert caller.engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]
    assert_completed(caller, claim.id, keeps)


def test_a_completed_job_is_not_recovered_with_its_worker(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.engine.join(connection).complete(claim.id, claim.fence)
    connection.commit()
    assert caller.engine.recover(name) == 0
    assert waiting(caller) == 0


def test_a_completion_that_is_rolled_back_did_not_happen(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.engine.join(connection).complete(claim.id, claim.fence)
    connection.rollback()
    assert caller.engine.find(claim.id).status == "queued"
    release = Release(claim.id, claim.fence, time.time() - 1, 1)
    assert caller.engine.settle(name, [release]) == [Settlement.ACCEPTED]
    assert waiting(caller) == 1


def recovered(engine, name, claim):
    engine.recover(name)


def claimed_anew(engine, name, claim):
    engine.recover(name)
    assert claim_one(engine).id == claim.id


def cancelled(engine, name, claim):
    assert engine.cancel(claim.id)


def settled(engine, name, claim):
    engine.settle(name, [Done(claim.id, claim.fence)])


@pytest.mark.parametrize("keeps", [False, True], ids=["drops", "keeps"])
@pytest.mark.parametrize("fate", [recovered, claimed_anew, cancelled, settled])
def test_a_stale_run_cannot_complete_the_job(caller, connection, fate, keeps):
    caller.engine.retention = Retention(completed=None if keeps else 0.0)
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    fate(caller.engine, name, claim)
    before = caller.engine.find(claim.id)
    with pytest.raises(StaleClaim, match=f"job {claim.id} is not this run's any more"):
        caller.engine.join(connection).complete(claim.id, claim.fence)
    connection.commit()
    assert caller.engine.find(claim.id) == before


def test_a_transaction_that_a_stale_run_leaves_open_is_rolled_back(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.engine.recover(name)
    caller.effect(connection)
    joined = caller.engine.join(connection)
    with pytest.raises(StaleClaim):
        joined.complete(claim.id, claim.fence)
    assert joined.abandon() is True
    connection.commit()
    assert caller.effects() == []


def test_a_run_cannot_complete_a_job_that_php_has_claimed_since(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.engine.recover(name)
    with caller.connected() as php:  # raises no fence and leaves no name
        php.cursor().execute("UPDATE jobs SET status = 'queued', attempts = attempts + 1")
        php.commit()
    with pytest.raises(StaleClaim):
        caller.engine.join(connection).complete(claim.id, claim.fence)


def test_a_transaction_that_is_left_open_is_rolled_back_once_the_run_is_over(caller, connection):
    push(caller.engine)
    name = worker(caller.engine)
    claim = claim_one(caller.engine, name)
    caller.effect(connection)
    joined = caller.engine.join(connection)
    joined.complete(claim.id, claim.fence)
    assert joined.abandon() is True
    assert joined.abandon() is False
    assert caller.effects() == []
    assert caller.engine.settle(name, [Done(claim.id, claim.fence)]) == [Settlement.ACCEPTED]


def test_a_later_transaction_is_left_alone(caller, connection):
    push(caller.engine)
    claim = claim_one(caller.engine)
    joined = caller.engine.join(connection)
    joined.complete(claim.id, claim.fence)
    connection.commit()
    caller.effect(connection)
    assert joined.abandon() is False
    connection.commit()
    assert caller.effects() == [1]


def test_a_deadlock_is_not_tried_again_behind_the_callers_back(served):
    engine = served.engine
    with served.connected() as one, served.connected() as other:
        push(engine, 2)
        first, second = claim_one(engine), claim_one(engine)
        engine.join(one).complete(first.id, first.fence)
        engine.join(other).complete(second.id, second.fence)
        failed: list[LightjobsError] = []

        def completes(connection, claim):
            try:
                engine.join(connection).complete(claim.id, claim.fence)
            except StoreUnavailable as error:
                failed.append(error)
            finally:
                connection.rollback()

        in_threads(lambda: completes(one, second), lambda: completes(other, first))
        assert [type(error) for error in failed] == [StoreUnavailable]
        assert "the job was not completed" in str(failed[0])

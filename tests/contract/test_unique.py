"""Keys: of the jobs that have one key, one holds it at a time."""

import time

import pytest

from lightjobs.engines.where import EVERYWHERE, Where
from lightjobs.errors import JobExists
from lightjobs.model import Done, Failed, HandBack, KeyHolder, Release

from .flows import unique_job
from .support import claim_one, drain, in_threads, job, worker


def ends(claim):
    """What ends a job for good or for now, by its name."""
    return {
        "done": Done(claim.id, claim.fence),
        "failed": Failed(claim.id, claim.fence, "boom"),
        "release": Release(claim.id, claim.fence, time.time() - 5, 1),
        "hand back": HandBack(claim.id, claim.fence),
    }


def test_a_key_is_held_by_one_job(engine):
    (first,) = engine.push([unique_job()])
    assert engine.push([unique_job(), job(), unique_job("other")])[0] == first
    assert len(drain(engine)) == 3
    holder = engine.unique.holder("k")
    assert (holder.key, holder.job_id, holder.scope) == ("k", first, "active")
    assert time.time() + 50 < holder.until < time.time() + 70
    assert engine.unique.holder("none") is None
    assert engine.find(first).unique_key == "k"


def test_doubles_in_one_push_are_one_job(engine):
    ids = engine.push([unique_job("a"), unique_job("b"), unique_job("a"), job(), unique_job("b")])
    assert ids[2] == ids[0]
    assert ids[4] == ids[1]
    assert len(set(ids)) == 3
    assert len(drain(engine)) == 3


@pytest.mark.parametrize("scope", ["waiting", "active", "window"])
def test_a_waiting_job_holds_its_key(engine, scope):
    (first,) = engine.push([unique_job(scope=scope, due=time.time() + 1000)])
    assert engine.push([unique_job(scope=scope)]) == [first]
    assert engine.pause(first)
    assert engine.push([unique_job(scope=scope)]) == [first]
    assert engine.stats()["q"]["paused"] == 1


@pytest.mark.parametrize("scope", ["waiting", "active", "window"])
def test_a_running_job_holds_its_key_unless_the_scope_is_waiting(engine, scope):
    (first,) = engine.push([unique_job(scope=scope)])
    claim_one(engine)
    assert (engine.push([unique_job(scope=scope)]) == [first]) == (scope != "waiting")


@pytest.mark.parametrize("end", ["done", "failed"])
@pytest.mark.parametrize("scope", ["waiting", "active", "window"])
def test_a_job_that_has_ended_frees_its_key_unless_the_scope_is_window(engine, scope, end):
    (first,) = engine.push([unique_job(scope=scope)])
    name = worker(engine)
    engine.settle(name, [ends(claim_one(engine, name))[end]])
    assert (engine.push([unique_job(scope=scope)]) == [first]) == (scope == "window")
    assert (engine.unique.holder("k").job_id == first) == (scope == "window")


@pytest.mark.parametrize("end", ["release", "hand back"])
def test_a_job_that_goes_back_holds_its_key_again(engine, end):
    (first,) = engine.push([unique_job(scope="waiting")])
    name = worker(engine)
    claim = claim_one(engine, name)
    assert engine.unique.holder("k") is None
    engine.settle(name, [ends(claim)[end]])
    assert engine.push([unique_job(scope="waiting")]) == [first]


def test_a_job_whose_key_was_taken_while_it_ran_goes_back_without_it(engine):
    (first,) = engine.push([unique_job(scope="waiting")])
    name = worker(engine)
    claim = claim_one(engine, name)
    (second,) = engine.push([unique_job(scope="waiting")])
    assert second != first
    engine.settle(name, [HandBack(claim.id, claim.fence)])
    assert engine.unique.holder("k").job_id == second
    assert len(drain(engine)) == 2


def test_a_cancelled_purged_or_lost_job_frees_its_key(engine):
    (first,) = engine.push([unique_job()])
    assert engine.cancel(first)
    (second,) = engine.push([unique_job()])
    assert engine.purge(Where(status="new")) == 1
    (third,) = engine.push([unique_job()])
    assert len({first, second, third}) == 3
    for _ in range(4):
        name = worker(engine)
        claim_one(engine, name)
        assert engine.push([unique_job()]) == [third]
        engine.recover(name)
    assert engine.find(third).status == "failed"
    (fourth,) = engine.push([unique_job()])
    assert fourth != third


def test_the_time_of_a_key_ends(engine):
    (first,) = engine.push([unique_job(seconds=0.3)])
    assert engine.push([unique_job()]) == [first]
    time.sleep(0.5)
    assert engine.unique.holder("k") is None
    (second,) = engine.push([unique_job()])
    assert second != first
    assert len(drain(engine)) == 2


def test_a_refused_push_stores_nothing(engine):
    (first,) = engine.push([unique_job()])
    with pytest.raises(JobExists) as caught:
        engine.push([job(), unique_job("new"), unique_job(when_taken="refuse")])
    assert (caught.value.job_id, caught.value.key) == (first, "k")
    assert engine.unique.holder("new") is None
    assert [claim.id for claim in drain(engine)] == [first]


def test_a_refused_push_replaces_nothing(engine):
    (first,) = engine.push([unique_job(payload='{"n":1}')])
    engine.push([unique_job("held")])
    replacing = unique_job(payload='{"n":2}', when_taken="replace")
    with pytest.raises(JobExists):
        engine.push([replacing, unique_job("held", when_taken="refuse")])
    assert engine.find(first).payload == '{"n":1}'


def test_doubles_in_one_push_are_refused(engine):
    with pytest.raises(JobExists) as caught:
        engine.push([unique_job(when_taken="refuse"), unique_job(when_taken="refuse")])
    assert (caught.value.job_id, caught.value.key) == ("", "k")
    assert str(caught.value) == "the key k is that of two jobs of one dispatch"
    assert engine.stats() == {}
    assert engine.unique.holder("k") is None


@pytest.mark.parametrize("paused", [False, True])
def test_a_waiting_job_is_replaced(engine, paused):
    (first,) = engine.push([unique_job(payload='{"n":1}', seconds=20)])
    if paused:
        assert engine.pause(first)
    due = time.time() + 500
    later = unique_job(payload='{"n":2}', due=due, priority=2, when_taken="replace")
    assert engine.push([later]) == [first]
    found = engine.find(first)
    assert (found.payload, found.priority) == ('{"n":2}', 2)
    assert found.status == ("paused" if paused else "new")
    assert engine.unique.holder("k").until > time.time() + 50
    if paused:
        assert engine.resume(first)
    assert drain(engine) == []
    assert engine.push([unique_job(payload='{"n":3}', when_taken="replace")]) == [first]
    (claim,) = drain(engine)
    assert (claim.id, claim.payload) == (first, '{"n":3}')
    assert drain(engine) == []


def test_a_replaced_job_goes_to_the_place_of_its_priority(engine):
    (first,) = engine.push([unique_job(priority=0)])
    engine.push([job(priority=1)])
    assert engine.push([unique_job(priority=2, when_taken="replace")]) == [first]
    assert [claim.id == first for claim in drain(engine)] == [True, False]


def test_a_running_job_is_not_replaced(engine):
    (first,) = engine.push([unique_job(payload='{"n":1}')])
    claim_one(engine)
    assert engine.push([unique_job(payload='{"n":2}', when_taken="replace")]) == [first]
    assert engine.find(first).payload == '{"n":1}'


def test_replacing_does_not_lengthen_a_window(engine):
    (first,) = engine.push([unique_job(scope="window", seconds=20)])
    until = engine.unique.holder("k").until
    again = unique_job(scope="window", payload='{"n":2}', when_taken="replace")
    assert engine.push([again]) == [first]
    assert engine.unique.holder("k").until == pytest.approx(until, abs=0.01)
    assert engine.find(first).payload == '{"n":2}'


@pytest.mark.parametrize("move", ["retry", "rerun"])
def test_a_job_takes_its_key_again(engine, move):
    (first,) = engine.push([unique_job()])
    if move == "retry":
        name = worker(engine)
        engine.settle(name, [ends(claim_one(engine, name))["failed"]])
    else:
        engine.move("cancel", Where(job_id=first))
    assert engine.unique.holder("k") is None
    assert engine.move(move, Where(job_id=first)) == 1
    assert engine.unique.holder("k").job_id == first
    assert engine.push([unique_job()]) == [first]


def test_a_job_whose_key_another_one_holds_is_not_retried(engine):
    name = worker(engine)
    (first,) = engine.push([unique_job()])
    engine.settle(name, [ends(claim_one(engine, name))["failed"]])
    (second,) = engine.push([unique_job()])
    (plain,) = engine.push([job("plain")])
    engine.settle(name, [ends(claim_one(engine, name, "plain"))["failed"]])
    assert engine.move("retry", Where(job_id=first)) == 0
    assert engine.move("retry", EVERYWHERE) == 1
    assert engine.find(first).status == "failed"
    assert engine.find(plain).status == "new"
    engine.cancel(second)
    assert engine.move("retry", EVERYWHERE) == 1
    assert engine.unique.holder("k").job_id == first


def test_of_two_failed_jobs_with_one_key_one_is_retried(engine):
    name = worker(engine)
    for _ in range(2):
        engine.push([unique_job()])
        engine.settle(name, [ends(claim_one(engine, name))["failed"]])
    assert engine.move("retry", EVERYWHERE) == 1
    assert len(drain(engine)) == 1


def test_a_window_is_its_own_jobs_too(engine):
    (first,) = engine.push([unique_job(scope="window")])
    name = worker(engine)
    engine.settle(name, [ends(claim_one(engine, name))["failed"]])
    assert engine.move("retry", EVERYWHERE) == 1
    assert engine.unique.holder("k").job_id == first


def test_a_key_can_be_freed_by_hand(engine):
    (first,) = engine.push([unique_job()])
    freed = engine.unique.unlock("k")
    assert isinstance(freed, KeyHolder)
    assert freed.job_id == first
    assert engine.unique.unlock("k") is None
    (second,) = engine.push([unique_job()])
    assert second != first
    assert len(drain(engine)) == 2


def test_what_is_kept_of_free_keys_is_forgotten(engine):
    engine.push([unique_job(f"k{number}") for number in range(5)])
    engine.push([unique_job("window", scope="window")])
    drain(engine)
    engine.push([unique_job("waits")])
    engine.move("cancel", Where(status="queued"))
    engine.unique.forget()
    assert engine.unique.holder("waits") is not None
    assert engine.unique.holder("window") is not None
    assert engine.unique.holder("k1") is None


def test_a_job_that_goes_back_holds_its_key_again_whatever_was_forgotten(engine):
    (first,) = engine.push([unique_job(scope="waiting")])
    name = worker(engine)
    claim = claim_one(engine, name)
    assert engine.unique.holder("k") is None
    engine.unique.forget()
    engine.settle(name, [HandBack(claim.id, claim.fence)])
    assert engine.unique.holder("k").job_id == first
    assert engine.push([unique_job(scope="waiting")]) == [first]


def test_keys_are_compared_byte_by_byte(engine):
    keys = ["k", "K", "k ", "ķ", "k\u0327", "💥", "'; --", "%", "k" * 255]
    ids = engine.push([unique_job(key) for key in keys])
    assert len(set(ids)) == len(keys)
    assert engine.push([unique_job(key) for key in keys]) == ids
    assert [engine.unique.holder(key).job_id for key in keys] == ids


def test_of_many_producers_one_stores_its_job(engine):
    def dispatch():
        return [engine.push([unique_job("x"), unique_job("y")]) for _ in range(5)]

    answers = in_threads(*[dispatch] * 6)
    assert len({tuple(ids) for each in answers for ids in each}) == 1
    assert len(drain(engine)) == 2


@pytest.mark.parametrize("others", [0, 3])
def test_a_push_that_finds_a_key_of_a_job_that_is_gone_stores_all(engine, others):
    (first,) = engine.push([unique_job("k2")])
    name = worker(engine)
    engine.settle(name, [ends(claim_one(engine, name))["done"]])
    keys = ["k2", *(f"other{number}" for number in range(others))]
    ids = engine.push([unique_job(key, payload=f'{{"key":"{key}"}}') for key in keys])
    assert [engine.unique.holder(key).job_id for key in keys] == ids
    assert first not in ids
    assert sorted((claim.id, claim.payload) for claim in drain(engine)) == sorted(
        (job_id, f'{{"key":"{key}"}}') for job_id, key in zip(ids, keys, strict=True)
    )


def test_pushes_go_on_after_one_was_refused(engine):
    """A driver may have a server forget what is prepared when a transaction is undone."""
    (first,) = engine.push([unique_job()])

    def use():
        for _ in range(8):
            engine.push([job()])
            assert engine.unique.holder("k").job_id == first

    use()
    with pytest.raises(JobExists):
        engine.push([unique_job(when_taken="refuse")])
    use()
    assert len(drain(engine)) == 17

"""What Redis and Valkey promise beyond the seam."""

import pytest

from lightjobs.engines import connect
from lightjobs.engines.redis.bulk import PART
from lightjobs.engines.where import Where
from lightjobs.errors import StoreUnavailable
from lightjobs.model import Done, Failed, Retention, Settlement, Template
from lightjobs.settings.settings import load
from tests.support.servers.redis import redis_server
from tests.support.stores import STORES

from .flows import push_batch, unique_job
from .support import claim_one, drain, fail, job, push, unwaited, worker


@pytest.fixture(params=["redis-hash", "redis-php", "valkey"])
def engine(request):
    made = STORES[request.param](request).engine
    yield made
    made.close()


def test_a_bulk_verb_touches_a_bounded_part_at_a_time(engine):
    push(engine, 2 * PART + 1)
    told = []
    engine.move("cancel", Where(), told.append)
    engine.purge(Where(status="cancelled"), told.append)
    assert told == [PART, PART, 1] * 2


def test_retrying_what_fails_again_at_once_ends(engine):
    count = 2 * PART + 1
    fail(engine, count)
    name = worker(engine)
    told = []

    def fail_again(retried):
        told.append(retried)
        assert sum(told) <= count
        claims = engine.claim(name, ["q"], PART)
        engine.settle(name, [Failed(claim.id, claim.fence, "again") for claim in claims])

    assert engine.move("retry", Where(), fail_again) == count
    assert engine.stats()["q"]["failed"] == count


def test_requeueing_what_is_claimed_again_at_once_ends(engine):
    count = 2 * PART + 1
    push(engine, count)
    name = worker(engine)
    while engine.claim(name, ["q"], 1000):
        pass
    told = []

    def claim_again(requeued):
        told.append(requeued)
        assert sum(told) <= count
        engine.claim(name, ["q"], PART)

    assert engine.move("requeue", Where(), claim_again) == count
    assert engine.stats()["q"]["queued"] == count


def test_a_bulk_move_passes_over_nothing_while_workers_claim_before_it(engine):
    odd = push(engine, 2 * PART, handler="App\\Jobs\\Odd")
    others = push(engine, 2 * PART)
    name = worker(engine)
    seen = []

    def claim(_):
        seen.extend(engine.claim(name, ["q"], PART))

    pushed = [id for pair in zip(odd, others, strict=True) for id in pair]
    for place, id in enumerate(pushed):  # every other one fits, and the first ones go meanwhile
        engine._node.client.zadd("jobs:queue:q", {id: place})
    moved = engine.move("pause", Where(handler="App\\Jobs\\Odd"), claim)
    claimed = {claim.id for claim in seen}
    assert moved == len(odd) - len(claimed & set(odd))
    assert {engine.find(id).status for id in odd if id not in claimed} == {"paused"}


@pytest.mark.parametrize("cut", ["requeue", "rerun"])
def test_the_outcome_of_a_run_cut_off_is_refused_when_the_job_is_gone(engine, cut):
    engine.retention = Retention(cancelled=None)
    push(engine)
    first, second = worker(engine), worker(engine)
    old = claim_one(engine, first)
    if cut == "rerun":
        engine.cancel(old.id)
    assert engine.move(cut, Where(job_id=old.id)) == 1
    new = claim_one(engine, second)
    assert engine.settle(second, [Done(new.id, new.fence)]) == [Settlement.ACCEPTED]
    assert engine.find(old.id) is None
    assert engine.settle(first, [Done(old.id, old.fence)]) == [Settlement.LOST]
    assert engine._node.client.keys("jobs:held:*") == []


def test_a_worker_that_claims_again_what_was_taken_from_it_holds_it(engine):
    push(engine)
    name = worker(engine)
    old = claim_one(engine, name)
    engine.move("requeue", Where(job_id=old.id))
    new = claim_one(engine, name)
    assert engine.settle(name, [Failed(old.id, old.fence, "late")]) == [Settlement.LOST]
    assert engine.held(name) == unwaited(new)
    assert [job.id for job in engine.browse(Where(status="queued"))] == [new.id]
    assert engine.settle(name, [Done(new.id, new.fence)]) == [Settlement.ACCEPTED]
    assert engine.stats() == {}


def test_an_id_in_a_queue_whose_job_runs_is_not_claimed(engine):
    """As PHP leaves one, when it releases a job that it had lost."""
    push(engine)
    name = worker(engine)
    claim = claim_one(engine, name)
    engine._node.client.zadd(f"{engine._prefix}queue:q", {claim.id: 1})
    assert engine.claim(worker(engine), ["q"], 5) == []
    assert engine.held(name) == unwaited(claim)


def test_a_job_taken_from_one_worker_and_claimed_by_another_is_listed_once(engine):
    push(engine)
    first, second = worker(engine), worker(engine)
    old = claim_one(engine, first)
    engine.move("requeue", Where(job_id=old.id))
    claim_one(engine, second)
    assert len(engine.browse(Where(status="queued"))) == 1
    assert engine.count(Where(status="queued", handler=old.handler)) == 1
    assert engine.stats()["q"]["queued"] == 1
    assert engine.held(first) == []
    assert engine.recover(first) == 0
    assert engine.stats()["q"]["queued"] == 1


def test_all_keys_begin_with_the_prefix_that_keeps_them_in_one_slot(engine):
    engine._prefix = engine.pushes._prefix = "{jobs}:"
    engine.retention = Retention(None, None, None)
    push(engine, 4)
    push(engine, priority=2)
    name = worker(engine)
    a, b, *_ = engine.claim(name, ["q"], 3)
    engine.settle(name, [Done(a.id, a.fence), Failed(b.id, b.fence, "x")])
    engine.move("cancel")
    engine.move("rerun", Where(job_id=a.id))
    engine.move("pause")
    engine.pause_queue("q")
    engine.stats()
    engine.beat([name], 30.0, {name: "{}"})
    engine.schedule.enroll(["e"], 0.0)
    engine.schedule.describe({"e": Template(job(), "* * * * *", "UTC")}, {"e": 60.0})
    engine.push([unique_job(seconds=60.0)])
    if engine.pushes._form == "hash":
        push_batch(engine, 1)
    keys = engine._node.client.keys("*")
    assert len(keys) > 12
    assert all(key.startswith(b"{jobs}:") for key in keys)


def fill(engine):
    while True:
        push(engine, payload=f'{{"pad":"{"x" * 4000}"}}')


def test_people_can_cancel_pause_and_delete_on_a_full_redis(monkeypatch):
    with redis_server(maxmemory="6mb") as server:
        for key, value in server.environment.items():
            monkeypatch.setenv(key, value)
        engine = connect(load())
        engine.register("w", 30.0)
        ids = push(engine, 100)
        claims = engine.claim("w", ["q"], 10)
        with pytest.raises(StoreUnavailable, match="full"):
            fill(engine)
        assert engine.pause(ids[50])
        assert engine.cancel(ids[51])
        assert engine.find(ids[51]) is None
        assert engine.cancel(claims[0].id)
        assert engine.move("requeue", Where(job_id=claims[1].id)) == 1
        assert engine.pause_queue("q")
        assert drain(engine, limit=1) == []
        assert engine.move("cancel") > 1000
        assert engine.expire() > 1000
        push(engine)
        engine.close()

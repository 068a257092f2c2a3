"""Ties between jobs in Redis: what its scripts promise beyond the contract."""

import json

import pytest

from lightjobs.engines.redis.staging import PART
from lightjobs.engines.where import Where
from lightjobs.errors import BatchEnded, JobExists, LightjobsError
from lightjobs.model import (
    CATCH_OPTION,
    Done,
    Failed,
    Flow,
    NewBatch,
    Slot,
    Step,
    step_rows,
    steps_text,
)
from tests.support.stores import Store

from .flows import batch_id, claims, counts, done, is_php, settle, step, unique_job, waiting
from .support import drain, job, places_of, push, worker

MANY = PART + 500
"""As many as are staged part by part."""


@pytest.fixture(autouse=True)
def is_redis(store: Store):
    if (store.environment or {}).get("JOB_ENGINE", "") not in ("redis", "valkey"):
        pytest.skip("of Redis and Valkey")


def keys_of(engine):
    (node, _), *_ = places_of(engine)
    return {key.decode() for key in node.client.keys("*")}


def test_many_unique_jobs_are_stored_in_one_step(engine):
    (first,) = engine.push([unique_job("k7")])
    jobs = [unique_job(f"k{number % (MANY - 1)}") for number in range(MANY)]
    ids = engine.push([*jobs, job()])
    assert ids[7] == first
    assert ids[MANY - 1] == ids[0]
    assert len(set(ids)) == MANY
    assert engine.stats()["q"]["new"] == MANY
    assert engine.unique.holder("k9").job_id == ids[9]
    assert engine.find(ids[9]).unique_key == "k9"
    assert not any("staged" in key for key in keys_of(engine))
    assert engine.consistency.verify(fix=False) == []


def test_of_many_jobs_none_is_stored_when_one_is_refused(engine):
    (first,) = engine.push([unique_job("x")])
    jobs = [unique_job(f"k{number}") for number in range(MANY)]
    with pytest.raises(JobExists) as caught:
        engine.push([*jobs, unique_job("x", when_taken="refuse")])
    assert (caught.value.job_id, caught.value.key) == (first, "x")
    assert engine.unique.holder("k0") is None
    assert [claim.id for claim in drain(engine)] == [first]
    assert len([key for key in keys_of(engine) if "job:" in key]) == 1


def test_the_last_of_many_replaces_the_first(engine):
    jobs = [unique_job(f"k{number}") for number in range(MANY)]
    late = unique_job("k3", payload='{"n":2}', priority=2, when_taken="replace")
    ids = engine.push([*jobs, late])
    assert ids[MANY] == ids[3]
    assert engine.find(ids[3]).payload == '{"n":2}'
    assert drain(engine)[0].id == ids[3]


def test_a_large_batch(store, engine):
    if is_php(store):
        return
    new = NewBatch(batch_id(), then=step())
    ids = engine.batches.push(new, [job(flow=Flow(batch=new.id))] * MANY)
    assert len(ids) == len(set(ids)) == MANY
    assert counts(engine, new.id) == {"total": MANY, "waiting": MANY}
    assert engine.batches.push(new, [job(flow=Flow(batch=new.id))] * MANY) == []
    assert not any("staged" in key for key in keys_of(engine))
    assert engine.stats()["q"]["new"] == MANY
    name = worker(engine)
    while held := claims(engine, name, limit=900):
        settle(engine, name, *(done(claim, new.id) for claim in held))
    assert counts(engine, new.id) == {"total": MANY, "done": MANY}
    assert waiting(engine) == 1
    with pytest.raises(BatchEnded):
        engine.batches.add(new.id, [job(flow=Flow(batch=new.id))] * MANY)
    assert not any("staged" in key for key in keys_of(engine))
    assert engine.stats() == {"after": {**engine.stats()["after"], "new": 1}}


@pytest.mark.parametrize("flow", [Flow(batch="b"), Flow(group="g")])
def test_phps_form_has_no_place_for_a_batch_or_a_group(store, engine, flow):
    if not is_php(store):
        return
    with pytest.raises(LightjobsError, match="REDIS_JOB_FORMAT"):
        engine.push([job(), job(flow=flow)])
    assert engine.stats() == {}


def test_what_follows_a_job_has_its_form(store, engine):
    name = worker(engine)
    push(engine, options=json.dumps({CATCH_OPTION: step_rows(step("catch"))}))
    push(engine)
    one, two = claims(engine, name)
    settle(engine, name, Failed(one.id, one.fence, "x"))
    settle(engine, name, done(two, next=steps_text(step("next"))))
    for queue in ("catch", "next"):
        (found,) = engine.browse(Where(status="new", queue=queue))
        kinds = {
            node.client.type(f"{prefix}job:{found.id}") for node, prefix in places_of(engine)
        } - {b"none"}
        assert kinds == {b"string" if is_php(store) else b"hash"}


def test_the_ids_that_scripts_make_sort_by_time(engine):
    name = worker(engine)
    (before,) = push(engine)
    steps = (Step(tuple(job("after", str(number)) for number in range(300))),)
    settle(engine, name, done(*claims(engine, name), next=steps_text(steps)))
    ids = [claim.id for claim in drain(engine, ["after"])]
    assert ids == sorted(set(ids))
    assert len(ids) == 300
    assert all(len(id) == len(before) and id > before for id in ids)


def test_a_batch_within_a_batch_goes_on_with_an_empty_one(store, engine):
    if is_php(store):
        return
    name = worker(engine)
    outer = NewBatch(batch_id(), then=step("then"))
    empty = Step((), NewBatch(batch_id(), parent=outer.id))
    inner = NewBatch(batch_id(), parent=outer.id, then=(empty,))
    engine.batches.push(outer, [job(flow=Flow(batch=outer.id))])
    following = Step((job("q", flow=Flow(batch=inner.id)),), inner)
    (claim,) = claims(engine, name)
    settle(engine, name, done(claim, outer.id, steps_text([following])))
    assert counts(engine, outer.id) == {"total": 1, "running": 1}
    (claim,) = claims(engine, name)
    settle(engine, name, done(claim, inner.id))
    for each in (outer, inner, empty.batch):
        assert engine.batches.find(each.id).ended_at is not None
    assert counts(engine, outer.id) == {"total": 1, "done": 1}
    assert waiting(engine, "then") == 1


def test_a_slot_whose_key_is_held_is_passed_over(engine):
    (first,) = engine.push([unique_job()])
    for when_taken in ("keep", "refuse"):
        slot = Slot(f"e-{when_taken}", 60.0, unique_job(when_taken=when_taken))
        assert engine.schedule.push_slots([slot]) == [first]
        assert engine.schedule.slots()[slot.entry].job_id == first
        assert engine.schedule.push_slots([slot]) == [None]
    plain, free = Slot("p", 60.0, job()), Slot("f", 60.0, unique_job("free"))
    one, two = engine.schedule.push_slots([plain, free])
    assert engine.unique.holder("free").job_id == two
    assert {claim.id for claim in drain(engine)} == {first, one, two}


def test_the_set_of_a_forgotten_batch_goes_with_its_last_job(store, engine):
    if is_php(store):
        return
    new = NewBatch(batch_id())
    engine.batches.push(new, [job(flow=Flow(batch=new.id))] * 2)
    name = worker(engine)
    one, two = claims(engine, name)
    settle(engine, name, done(one, new.id), Failed(two.id, two.fence, "x"))
    assert engine.batches.forget(-5.0) == 1
    assert engine.count(Where(status="failed", batch=new.id)) == 1
    assert engine.purge(Where(status="failed")) == 1
    assert not any("batch" in key for key in keys_of(engine))


def test_a_done_that_names_no_batch_is_counted_where_the_job_is_kept(store, engine):
    if is_php(store):
        return
    new = NewBatch(batch_id())
    engine.batches.push(new, [job(flow=Flow(batch=new.id))])
    name = worker(engine)
    (claim,) = claims(engine, name)
    settle(engine, name, Done(claim.id, claim.fence, keep=60.0))
    assert counts(engine, new.id) == {"total": 1, "done": 1}

"""Ties between jobs in shards: which shard has what is tied, and what is refused because one would
have to reach into another."""

from __future__ import annotations

import json

import pytest

from lightjobs.engines.sharded.places import number_in
from lightjobs.engines.where import Where
from lightjobs.errors import JobExists, LightjobsError
from lightjobs.model import Done, Failed, NewBatch, Slot, Step, steps_text
from tests.support.environment import engine_of

from .flows import batch_id, grouped, push_batch, unique_job
from .sharding import SHARDS, key_elsewhere, shards_of
from .support import claim_one, job, push, worker


@pytest.fixture
def environment(clean_redis):
    return {**clean_redis.environment, "REDIS_JOB_SHARDS": str(SHARDS)}


@pytest.fixture
def engine(environment):
    made = engine_of(environment)
    yield made
    made.close()


def test_a_key_has_one_holder_whoever_pushes(engine, environment):
    other = engine_of(environment)
    first = engine.push([unique_job("k")])
    for _ in range(SHARDS):
        assert other.push([unique_job("k")]) == first
        assert engine.push([unique_job("k")]) == first
    assert engine.unique.holder("k").job_id == first[0]
    other.close()


def test_jobs_with_keys_of_several_shards_are_pushed_together(engine):
    jobs = [unique_job(str(n)) for n in range(20)]
    ids = engine.push([job(), *jobs, job()])
    assert len(set(ids)) == 22
    assert len(shards_of(ids)) > 1
    assert engine.push(jobs) == ids[1:-1]
    assert engine.stats()["q"]["new"] == 22
    assert engine.find(ids[7]).unique_key == "6"


def test_nothing_of_a_push_is_stored_if_a_key_of_it_is_refused(engine):
    taken, other = "k", key_elsewhere(engine, "k")
    engine.push([unique_job(taken)])
    jobs = [unique_job(other), unique_job(taken, when_taken="refuse")]
    with pytest.raises(JobExists):
        engine.push(jobs)
    assert engine.stats()["q"]["new"] == 1
    assert engine.unique.holder(other) is None


def test_refusing_jobs_of_several_shards_are_not_pushed_together(engine):
    keys = ["k", key_elsewhere(engine, "k")]
    with pytest.raises(LightjobsError, match=r'whenTaken = "refuse" and different keys'):
        engine.push([unique_job(key, when_taken="refuse") for key in keys])
    assert engine.stats() == {}


def test_nothing_of_a_push_is_stored_if_a_shard_cannot_store_its_part(engine, monkeypatch):
    keys = ["k", key_elsewhere(engine, "k")]
    failing = engine._shards.of_text(f"key:{keys[1]}").engine.pushes

    def stage(jobs):
        raise LightjobsError("no")

    monkeypatch.setattr(failing, "stage", stage)
    with pytest.raises(LightjobsError, match="no"):
        engine.push([unique_job(key) for key in keys])
    assert engine.stats() == {}
    assert engine.unique.holder("k") is None
    for shard in engine._shards:
        assert not shard.node.execute("EXISTS", f"{shard.prefix}staged")


def test_a_group_is_whole_in_one_shard_so_its_limit_holds(engine):
    for _ in range(SHARDS):
        engine.push(grouped("g", 2, limit=1))
        engine.push(grouped("h", 2, limit=1))
    name = worker(engine)
    claims = engine.claim(name, ["q"], 100)
    assert sorted(engine.find(claim.id).group for claim in claims) == ["g", "h"]


def test_groups_are_pushed_together_and_counted_together(engine):
    engine.push([each for name in "abcdefgh" for each in grouped(name)])
    for _ in range(SHARDS):
        push(engine)
    claim_one(engine)
    rows = engine.groups("q")
    assert [row.name for row in rows] == [None, *"abcdefgh"]
    assert rows[0].waiting + rows[0].running == SHARDS
    assert sum(row.waiting + row.running for row in rows) == 8 + SHARDS


@pytest.mark.parametrize("second", ["key", "group"])
def test_a_job_with_a_key_and_what_catches_its_failure_elsewhere_is_refused(engine, second):
    after = unique_job("b") if second == "key" else grouped("b")[0]
    options = json.dumps({"catch": json.loads(steps_text([Step((after,))]))})
    with pytest.raises(LightjobsError, match=rf"the key 'a' and the {second} 'b'.*one key or one"):
        engine.push([unique_job("a", options=options)])
    assert engine.stats() == {}


def test_a_job_with_a_key_and_a_group_is_refused(engine):
    both = unique_job("a")
    both = both._replace(flow=both.flow._replace(group="g"))
    with pytest.raises(LightjobsError, match="the key 'a' and the group 'g' of queue 'q'"):
        engine.push([both])


def test_a_batch_of_jobs_with_several_keys_is_refused(engine):
    new = NewBatch(batch_id())
    jobs = [unique_job("a"), unique_job("b")]
    with pytest.raises(LightjobsError, match=r"a batch.* has the key 'a' and the key 'b'"):
        engine.batches.push(new, jobs)
    assert engine.batches.find(new.id) is None


def test_what_follows_a_job_is_in_its_shard_and_its_id_says_so(engine):
    for _ in range(SHARDS):
        push(engine, queue="first")
    name = worker(engine)
    text = steps_text([Step((job("then"),))])
    claims = engine.claim(name, ["first"], SHARDS)
    engine.settle(name, [Done(claim.id, claim.fence, next=text) for claim in claims])
    then = engine.claim(name, ["then"], SHARDS)
    assert shards_of(claim.id for claim in then) == set(range(SHARDS))
    assert all(engine.find(claim.id) is not None for claim in then)
    answers = engine.settle(name, [Done(claim.id, claim.fence) for claim in then])
    assert [answer.value for answer in answers] == ["accepted"] * SHARDS


def options_with(option, *steps):
    return json.dumps({option: json.loads(steps_text(steps))})


def test_each_link_of_a_chain_is_in_the_shard_of_its_key(engine):
    keys = ["a", key_elsewhere(engine, "a")]
    name = worker(engine)
    last = Step((unique_job(keys[1], queue="last"),))
    first = unique_job(keys[0], options=options_with("chain", last))
    engine.push([first])
    held = claim_one(engine, name)
    outcome = Done(held.id, held.fence, next=steps_text([last]))
    assert [each.value for each in engine.settle(name, [outcome])] == ["accepted"]
    (link,) = engine.browse(Where(status="new", queue="last"))
    assert number_in(link.id) == engine._shards.of_text(f"key:{keys[1]}").number
    assert engine.unique.holder(keys[1]).job_id == link.id
    assert engine.unique.holder(keys[0]) is None
    # The reply may have been lost, and its key free again.
    engine.purge(Where(status="new"))
    assert [each.value for each in engine.settle(name, [outcome])] == ["accepted"]
    assert engine.stats() == {}


def test_a_link_with_a_key_does_not_follow_a_job_that_was_cancelled(engine):
    keys = ["a", key_elsewhere(engine, "a")]
    name = worker(engine)
    engine.push([unique_job(keys[0])])
    held = claim_one(engine, name)
    engine.cancel(held.id)
    following = steps_text([Step((unique_job(keys[1], queue="last"),))])
    (answer,) = engine.settle(name, [Done(held.id, held.fence, next=following)])
    assert answer.value == "cancelled"
    assert "last" not in engine.stats()


def test_a_batch_in_a_chain_is_in_the_shard_of_its_key(engine):
    keys = ["a", key_elsewhere(engine, "a")]
    name = worker(engine)
    new = NewBatch(batch_id())
    flow = unique_job(keys[1]).flow._replace(batch=new.id)
    engine.push([unique_job(keys[0])])
    held = claim_one(engine, name)
    engine.settle(
        name, [Done(held.id, held.fence, next=steps_text([Step((job(flow=flow),), new)]))]
    )
    assert engine.batches.find(new.id).waiting == 1
    assert engine.unique.holder(keys[1]) is not None


def test_a_link_with_a_key_and_a_group_is_refused(engine):
    both = unique_job("a")
    both = both._replace(flow=both.flow._replace(group="g"))
    with pytest.raises(LightjobsError, match="a link of a chain has the key 'a' and the group 'g'"):
        engine.push([job(options=options_with("chain", Step((both,))))])
    assert engine.stats() == {}


def test_what_catches_a_failure_has_its_key_in_its_shard(engine):
    catch = options_with("catch", Step((unique_job("k"),)))
    for _ in range(3):
        (id,) = engine.push([job(options=catch)])
        assert number_in(id) == engine._shards.of_text("key:k").number


def test_a_batch_is_found_and_grown_by_every_process(engine, environment):
    other = engine_of(environment)
    for _ in range(SHARDS):
        batch = push_batch(engine, 2)
        other.batches.add(batch, [job(flow=unique_job().flow._replace(unique=None, batch=batch))])
        assert other.batches.find(batch).total == 3
        assert engine.batches.find(batch).waiting == 3
    assert len(other.batches.browse()) == SHARDS
    other.close()


def test_a_batch_that_begins_in_a_chain_is_found_where_that_is(engine):
    inner = NewBatch(batch_id())
    for _ in range(SHARDS):
        push(engine)
    name = worker(engine)
    claim = engine.claim(name, ["q"], 1)[0]
    jobs = (job(flow=unique_job().flow._replace(unique=None, batch=inner.id)),)
    engine.settle(name, [Done(claim.id, claim.fence, next=steps_text([Step(jobs, inner)]))])
    assert engine.batches.find(inner.id).total == 1


def test_an_entry_whose_job_has_a_key_is_noted_where_the_key_is(engine, environment):
    other = engine_of(environment)
    for n in range(8):
        entry = f"entry-{n}"
        engine.schedule.enroll([entry], 100.0)
        slot = Slot(entry, 160.0, unique_job(str(n)))
        (id,) = engine.schedule.push_slots([slot])
        assert number_in(id) == engine._shards.of_text(f"key:{n}").number
        assert engine.push([unique_job(str(n))]) == [id]
        assert other.schedule.push_slots([slot]) == [None]
        assert other.schedule.slots()[entry].due == 160.0
        assert other.schedule.slots()[entry].job_id == id
        assert other.schedule.pause_entry(entry)
        assert engine.schedule.push_slots([slot._replace(due=220.0)]) == [None]
    other.close()


def test_an_entry_that_was_paused_before_its_first_slot_stays_so(engine):
    engine.schedule.enroll(["e"], 100.0)
    engine.schedule.pause_entry("e")
    for n in range(8):
        assert engine.schedule.push_slots([Slot("e", 160.0, unique_job(str(n)))]) == [None]
    assert engine.stats() == {}


def test_a_failed_link_and_its_catch_are_in_one_shard(engine):
    catch = json.dumps({"catch": json.loads(steps_text([Step((job("caught"),))]))})
    ids = [id for _ in range(SHARDS) for id in engine.push([job(options=catch)])]
    name = worker(engine)
    claims = engine.claim(name, ["q"], SHARDS)
    engine.settle(name, [Failed(claim.id, claim.fence, "boom") for claim in claims])
    caught = engine.browse(Where(status="new", queue="caught"))
    assert shards_of(each.id for each in caught) == shards_of(ids) == set(range(SHARDS))

"""Jobs spread over shards: what holds across them."""

from __future__ import annotations

import json
import threading
import time

import pytest

from lightjobs.engines.redis.engine import RedisEngine
from lightjobs.engines.sharded.engine import ShardedEngine
from lightjobs.engines.sharded.places import number_in
from lightjobs.engines.where import Where
from lightjobs.errors import JobExists, LightjobsError, SettingsError
from lightjobs.model import Cursor, Done, Failed, NewBatch, Slot, Step, steps_text
from lightjobs.settings.settings import load
from tests.support.environment import engine_of

from .flows import batch_id, grouped, push_batch, unique_job
from .support import claim_one, fail, job, push, worker

SHARDS = 4


@pytest.fixture
def environment(clean_redis):
    return {**clean_redis.environment, "REDIS_JOB_SHARDS": str(SHARDS)}


@pytest.fixture
def engine(environment):
    made = engine_of(environment)
    yield made
    made.close()


def shards_of(ids):
    return {number_in(id) for id in ids}


def key_elsewhere(engine, key):
    """A key whose shard is not that of `key`."""
    place = engine._shards.of_text
    return next(
        other for n in range(99) if place(f"key:{(other := f'{n}')}") is not place(f"key:{key}")
    )


def test_one_shard_on_one_server_is_the_plain_engine(clean_redis):
    for shards in ({}, {"REDIS_JOB_SHARDS": "1"}, {"REDIS_URLS": clean_redis.url}):
        engine = engine_of({**clean_redis.environment, **shards})
        assert type(engine) is RedisEngine
        engine.close()


def test_pushes_go_to_all_shards_and_ids_name_theirs(engine):
    ids = [id for _ in range(SHARDS) for id in push(engine)]
    assert shards_of(ids) == set(range(SHARDS))
    for shard in engine._shards:
        (found,) = shard.engine.browse(Where(status="new"))
        assert number_in(found.id) == shard.number
        assert found == engine.find(found.id)
    assert engine.stats()["q"]["new"] == SHARDS


def test_one_push_is_in_one_shard(engine):
    assert len(shards_of(push(engine, 50))) == 1


def test_jobs_that_were_stored_before_there_were_shards_are_found_and_run(engine, clean_redis):
    before = engine_of(clean_redis.environment)
    ids = push(before, 3)
    before.close()
    assert engine.find(ids[0]).id == ids[0]
    name = worker(engine)
    assert [claim.id for claim in engine.claim(name, ["q"], 10)] == ids


def test_more_shards_leave_jobs_where_they_are(engine, environment):
    ids = [id for _ in range(8) for id in push(engine)]
    more = engine_of({**environment, "REDIS_JOB_SHARDS": "16"})
    assert isinstance(more, ShardedEngine)
    name = worker(more)
    assert {claim.id for claim in more.claim(name, ["q"], 10)} == set(ids)
    more.close()


def test_fewer_shards_are_told_by_check_and_their_ids_are_not_found(engine, environment):
    ids = [id for _ in range(8) for id in push(engine)]
    fewer = engine_of({**environment, "REDIS_JOB_SHARDS": "2"})
    for id in ids:
        assert (fewer.find(id) is None) == (number_in(id) >= 2)
    (warning,) = [each for each in fewer.warnings() if "not read" in each]
    assert "in the shards 2, 3, which are not read: REDIS_JOB_SHARDS is 2" in warning
    assert not [each for each in engine.warnings() if "not read" in each]
    fewer.close()


def test_a_claim_takes_of_several_shards_until_it_has_enough(engine):
    ids = [id for _ in range(8) for id in push(engine)]
    name = worker(engine)
    assert len(engine.claim(name, ["q"], 6)) == 6
    assert len(engine.claim(name, ["q"], 6)) == 2
    assert {claim.id for claim in engine.held(name)} == set(ids)


def test_claims_begin_at_another_shard_each_time(engine):
    for _ in range(SHARDS):
        push(engine, 2)
    name = worker(engine)
    found = [engine.claim(name, ["q"], 1)[0].id for _ in range(SHARDS)]
    assert shards_of(found) == set(range(SHARDS))


def test_a_claim_names_the_jobs_of_earlier_queues_first(engine):
    for _ in range(SHARDS):
        push(engine, queue="low")
        push(engine, queue="high")
    claims = engine.claim(worker(engine), ["high", "low"], 100)
    assert [claim.queue for claim in claims] == ["high"] * SHARDS + ["low"] * SHARDS


def test_outcomes_of_several_shards_are_settled_by_one_call(engine):
    for _ in range(8):
        push(engine)
    name = worker(engine)
    claims = engine.claim(name, ["q"], 8)
    answers = engine.settle(name, [Done(claim.id, claim.fence) for claim in claims])
    assert [answer.value for answer in answers] == ["accepted"] * 8
    assert engine.stats() == {}


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


def test_pages_go_on_across_shards(engine):
    for n in range(30):
        push(engine, due=1_700_000_000 + n % 7)
    seen, after = [], None
    while page := engine.browse(Where(status="new"), 4, after):
        seen += page
        after = Cursor(page[-1].scheduled_at, page[-1].id)
    assert len({each.id for each in seen}) == len(seen) == 30
    assert seen == sorted(seen, key=lambda each: (each.scheduled_at, each.id))


def test_failed_jobs_of_all_shards_are_listed_the_latest_first(engine):
    for _ in range(SHARDS):
        fail(engine, 2)
    found = list(engine.failures(100))
    assert len({each.id for each in found}) == 2 * SHARDS
    assert found == sorted(found, key=lambda each: (each.failed_at, each.id), reverse=True)
    assert len(list(engine.failures(3))) == 3


def test_moves_reach_all_shards_and_chosen_ids_theirs(engine):
    for _ in range(SHARDS):
        fail(engine, 1)
    ids = [each.id for each in engine.failures(100)]
    assert engine.move("retry", Where(ids=tuple(ids[:2]))) == 2
    assert engine.move("retry") == SHARDS - 2
    assert engine.count(Where(status="new")) == SHARDS


@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_push_to_any_shard_wakes_a_waiting_worker(engine, environment, shard):
    other = engine_of(environment)
    woken = []

    def wait():
        woken.append((engine.wait(["q"], 10.0), time.monotonic()))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    began = time.monotonic()
    other._shards[shard].engine.push([job()])
    thread.join()
    assert woken[0][0]
    assert woken[0][1] - began < 2.0
    assert not engine.claim(worker(engine), ["q"], 5)[1:]
    other.close()


def test_a_wait_that_is_over_takes_no_token_from_others(engine, clean_redis):
    assert engine.wait(["q"], 0.05) is False
    assert engine.claim(worker(engine), ["q"], 1) == []
    with clean_redis.client() as client:
        assert not [each for each in client.client_list() if "b" in each["flags"]]


def test_a_worker_is_known_by_all_shards_and_recovered_from_all(engine):
    for _ in range(8):
        push(engine)
    name = worker(engine)
    engine.claim(name, ["q"], 8)
    assert engine.beat([name, "nobody"], 30.0) == ["nobody"]
    assert [each.name for each in engine.workers()] == [name]
    assert engine.recover(name) == 8
    assert engine.beat([name], 30.0) == [name]
    assert engine.stats()["q"]["new"] == 8


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


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"REDIS_JOB_SHARDS": "0"}, "a whole number from 1 to 256"),
        ({"REDIS_JOB_SHARDS": "257"}, "a whole number from 1 to 256"),
        ({"REDIS_JOB_SHARDS": "2", "REDIS_JOB_FORMAT": "php"}, "REDIS_JOB_FORMAT is 'php'"),
        ({"REDIS_URLS": "redis://a", "REDIS_URL": "redis://b"}, "are both set"),
        ({"REDIS_URLS": "redis://a http://b"}, "URL 2 of REDIS_URLS: it must begin with"),
        ({"REDIS_URLS": "redis://a redis://b", "REDIS_JOB_FORMAT": "php"}, "with several shards"),
    ],
)
def test_wrong_settings_are_refused(monkeypatch, given, problem):
    monkeypatch.setenv("JOB_ENGINE", "redis")
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=problem):
        load()


def test_urls_are_separated_by_commas_or_white_space(monkeypatch):
    monkeypatch.setenv("JOB_ENGINE", "redis")
    urls = "redis://a:1/2, rediss://u:secret@b\nredis+sentinel://s1:7,s2/m/3"
    monkeypatch.setenv("REDIS_URLS", urls)
    monkeypatch.setenv("REDIS_PASSWORD", "shared")
    redis = load().redis
    assert (redis.host, redis.port, redis.database, redis.password) == ("a", 1, 2, "shared")
    second, third = redis.others
    assert (second.host, second.tls, second.password) == ("b", True, "secret")
    assert third.sentinels == (("s1", 7), ("s2", 26379))
    assert "secret" not in repr(redis)

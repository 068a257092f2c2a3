"""Jobs spread over shards: what holds across them."""

from __future__ import annotations

import threading
import time

import pytest

from lightjobs.engines.sharded.engine import ShardedEngine
from lightjobs.engines.sharded.places import number_in
from lightjobs.engines.where import Where
from lightjobs.model import Cursor, Done
from tests.support.environment import engine_of

from .sharding import SHARDS, shards_of
from .support import fail, job, push, worker


@pytest.fixture
def environment(clean_redis):
    return {**clean_redis.environment, "REDIS_JOB_SHARDS": str(SHARDS)}


@pytest.fixture
def engine(environment):
    made = engine_of(environment)
    yield made
    made.close()


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

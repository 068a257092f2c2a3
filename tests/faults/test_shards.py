"""Shards on several servers, some of which are killed."""

from __future__ import annotations

import time

import pytest

from lightjobs.engines.partly import PartlyHeld, PartlySettled
from lightjobs.engines.sharded.places import number_in
from lightjobs.engines.where import Where
from lightjobs.errors import LoginRefused, StoreUnavailable
from lightjobs.model import Done, Flow, NewJob, Settlement, Unique
from tests.support.environment import engine_of
from tests.support.servers.redis import redis_server
from tests.support.waiting import wait_until

from .shards import HANDLER, jobs
from .shards import stats as _stats

pytestmark = pytest.mark.slow


@pytest.fixture
def servers():
    """Two servers that know nothing of each other and keep their data."""
    with redis_server(persistent=True) as first, redis_server(persistent=True) as second:
        yield [first, second]


@pytest.fixture
def environment(servers):
    return {
        "JOB_ENGINE": "redis",
        "REDIS_URLS": ", ".join(server.url for server in servers),
        "REDIS_JOB_SHARDS": "2",
        "JOB_ENQUEUE_TIMEOUT": "3",
    }


@pytest.fixture
def engine(environment):
    made = engine_of(environment)
    yield made
    made.close()


def unique(key):
    return NewJob(HANDLER, "default", "{}", flow=Flow(Unique(key, "active", 60.0)))


def of_server(engine, server):
    return [shard for shard in engine._shards if shard.place.endswith(f":{server.port}")]


def key_of(engine, server):
    """A key whose shard is on that server."""
    places = of_server(engine, server)
    return next(str(n) for n in range(99) if engine._shards.of_text(f"key:{n}") in places)


def test_every_server_has_its_shards(engine, servers):
    for _ in range(8):
        engine.push(jobs(1))
    for server in servers:
        found = of_server(engine, server)
        assert [len(shard.engine.browse(Where(status="new"))) for shard in found] == [2, 2]
    assert [shard.number for shard in engine._shards] == [0, 1, 256, 257]


def test_check_shows_the_shards_of_each_server(engine, environment, servers, project):
    lines = [
        f"127.0.0.1:{servers[0].port} has 2 of 4 shards: 0, 1",
        f"127.0.0.1:{servers[1].port} has 2 of 4 shards: 256, 257",
    ]
    assert engine.spread() == lines
    result = project.cli("check", **environment)
    assert result.returncode == 0, result.stdout
    assert [line for line in result.stdout.splitlines() if "shards" in line] == lines
    servers[1].kill()
    result = project.cli("check", **environment)
    assert result.returncode == 1
    assert "problem: shards 256, 257: redis: " in result.stdout


def test_while_a_server_is_away_the_others_take_plain_jobs(engine, servers):
    servers[1].kill()
    began = time.monotonic()
    ids = [id for n in range(20) for id in engine.push(jobs(1, n))]
    assert time.monotonic() - began < 3
    name = "worker-1"
    engine.register(name, 30.0)
    assert {claim.id for claim in engine.claim(name, ["default"], 100)} == set(ids)
    with pytest.raises(StoreUnavailable, match=r"^shard 25\d: "):
        engine.stats()


def test_a_key_of_a_server_that_is_away_is_taken_by_no_other(engine, servers):
    key, other = key_of(engine, servers[1]), key_of(engine, servers[0])
    engine.push([unique(key)])
    servers[1].kill()
    with pytest.raises(StoreUnavailable, match="was not stored"):
        engine.push([unique(key)])
    assert engine.push([unique(other)])
    servers[1].start()
    wait_until(lambda: engine.unique.holder(key) is not None)


def test_jobs_of_several_servers_are_stored_all_or_none(engine, servers):
    keys = [key_of(engine, server) for server in servers]
    servers[1].kill()
    with pytest.raises(StoreUnavailable):
        engine.push([unique(key) for key in keys])
    servers[1].start()
    wait_until(lambda: not engine._shards[2].is_away and engine.stats() == {})


def test_outcomes_of_a_server_that_is_away_are_settled_when_it_is_back(engine, servers):
    for _ in range(8):
        engine.push(jobs(1))
    name = "worker-1"
    engine.register(name, 30.0)
    claims = engine.claim(name, ["default"], 8)
    outcomes = [Done(claim.id, claim.fence) for claim in claims]
    servers[1].kill()
    with pytest.raises(PartlySettled) as caught:
        engine.settle(name, outcomes)
    answers = caught.value.answers
    assert [answers.count(each) for each in (Settlement.ACCEPTED, None)] == [4, 4]
    with pytest.raises(PartlyHeld) as held:
        engine.held(name)
    assert held.value.claims == []
    known = [held.value.is_known(claim.id) for claim in claims]
    assert known == [answer is not None for answer in answers]
    servers[1].start()
    wait_until(lambda: not any(shard.is_away for shard in engine._shards))
    assert engine.settle(name, outcomes) == [Settlement.ACCEPTED] * 8
    assert engine.stats() == {}


def test_if_all_are_away_the_store_is(engine, servers):
    for server in servers:
        server.kill()
    with pytest.raises(StoreUnavailable):
        engine.push(jobs(1))
    for verb in (lambda: engine.register("w", 30.0), lambda: engine.claim("w", ["default"], 1)):
        with pytest.raises(StoreUnavailable) as caught:
            verb()
        assert not isinstance(caught.value, PartlyHeld)


def test_a_push_that_no_shard_will_ever_take_is_refused_at_once():
    with redis_server(password="secret") as first, redis_server(password="secret") as second:
        urls = " ".join(server.url.replace("secret", "wrong") for server in (first, second))
        engine = engine_of({"JOB_ENGINE": "redis", "REDIS_URLS": urls, "JOB_ENQUEUE_TIMEOUT": "20"})
        began = time.monotonic()
        with pytest.raises(LoginRefused):
            engine.push(jobs(1))
        assert time.monotonic() - began < 10
        engine.close()


def test_a_push_goes_to_the_server_that_is_not_full():
    with redis_server(maxmemory="100kb") as full, redis_server() as roomy:
        urls = f"{full.url} {roomy.url}"
        engine = engine_of({"JOB_ENGINE": "redis", "REDIS_URLS": urls})
        assert {number_in(id) for _ in range(6) for id in engine.push(jobs(1))} == {256}
        engine.close()


def test_a_worker_that_began_while_a_server_was_away_works_its_jobs_later(engine, servers):
    servers[1].kill()
    engine.register("w", 30.0)
    servers[1].start()
    for _ in range(8):
        engine.push(jobs(1))
    wait_until(lambda: engine.beat(["w"], 30.0) == [] and not engine._unregistered)
    assert len(engine.claim("w", ["default"], 8)) == 8


def test_work_goes_on_while_one_of_two_servers_is_killed_and_started_again(
    project, engine, servers, environment
):
    for n in range(300):
        engine.push(jobs(1, n, sleep=0.005))
    worker = project.work("--workers=2", **environment).ready()
    wait_until(lambda: len(project.book("end")) > 30)
    servers[1].kill()
    later = len(project.book("end"))
    for n in range(300, 400):
        engine.push(jobs(1, n, sleep=0.005))
    # More than what was under way: half of all jobs are on the server that is there.
    wait_until(lambda: len(project.book("end")) > later + 120)
    assert worker.process.poll() is None
    servers[1].start()
    wait_until(lambda: len(project.runs("end")) == 400)
    wait_until(lambda: _stats(engine) == {})
    assert worker.stop() == 0
    assert "Traceback" not in worker.err


def test_work_begins_while_a_server_is_away_and_goes_on_with_it_when_it_is_back(
    project, engine, servers, environment
):
    for n in range(40):
        engine.push(jobs(1, n))
    servers[1].kill()
    worker = project.work("--workers=2", **environment, JOB_LEASE="3").ready()
    wait_until(lambda: len(project.runs("end")) == 20)
    servers[1].start()
    wait_until(lambda: len(project.runs("end")) == 40)
    wait_until(lambda: _stats(engine) == {})
    assert worker.stop() == 0
    assert worker.children() == []
    assert "given up" not in worker.err
    assert "Traceback" not in worker.err

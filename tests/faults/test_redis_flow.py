"""A reply that is lost, or a worker that dies, in the middle of a batch or a chain."""

from __future__ import annotations

import random

import pytest

from lightjobs.engines.where import Where
from lightjobs.errors import LightjobsError, StoreInDoubt
from lightjobs.model import Failed, Flow, NewBatch, Settlement, steps_text
from tests.contract.flows import (
    batch_id,
    claims,
    counts,
    done,
    push_batch,
    settle,
    step,
    unique_job,
)
from tests.contract.flows import waiting as waits
from tests.contract.support import job, push, worker
from tests.support.servers.redis import redis_server
from tests.support.stores import engine_of

from .enqueue import TIMEOUT
from .test_redis_enqueue import Proxy


@pytest.fixture
def proxied():
    """A proxy, an engine behind it, and one that reaches the server directly."""
    with redis_server() as server:
        proxy = Proxy(server)
        ours = {**server.environment, "JOB_ENGINE": "redis", "JOB_ENQUEUE_TIMEOUT": str(TIMEOUT)}
        behind = engine_of({**ours, "REDIS_PORT": str(proxy.port)})
        engine = engine_of(ours)
        # Now the server has the scripts: otherwise the first reply only says that it has not.
        push_batch(engine, 0)
        push(engine, queue="first")
        engine.push([unique_job("first", queue="first")])
        name = worker(engine)
        settle(engine, name, *map(done, claims(engine, name, "first")))
        yield proxy, behind, engine
        behind.close()
        proxy.close()


def lose_replies(proxy):
    proxy.swallow = proxy.close_then = True


def find_replies(proxy):
    proxy.swallow = proxy.close_then = False


def test_a_push_whose_reply_is_lost_may_be_repeated_when_it_is_unique(proxied):
    proxy, behind, engine = proxied
    lose_replies(proxy)
    with pytest.raises(StoreInDoubt):
        behind.push([unique_job()])
    find_replies(proxy)
    holder = engine.unique.holder("k")
    assert behind.push([unique_job()]) == [holder.job_id]
    assert waits(engine, "q") == 1


def test_a_batch_whose_reply_is_lost_may_be_repeated(proxied):
    proxy, behind, engine = proxied
    new = NewBatch(batch_id())
    jobs = [job(flow=Flow(batch=new.id))] * 3
    lose_replies(proxy)
    with pytest.raises(StoreInDoubt):
        behind.batches.push(new, jobs)
    find_replies(proxy)
    assert behind.batches.push(new, jobs) == []
    assert counts(engine, new.id) == {"total": 3, "waiting": 3}


def test_a_settlement_whose_reply_is_lost_pushes_what_follows_once(proxied):
    proxy, behind, engine = proxied
    name = worker(engine)
    batch = push_batch(engine, 2, then=step("then"), catch=step("catch"), always=step("always"))
    push(engine, queue="chain")
    one, two = claims(engine, name)
    (link,) = claims(engine, name, "chain")
    outcomes = [
        done(one, batch),
        Failed(two.id, two.fence, "x"),
        done(link, next=steps_text(step("next"))),
    ]
    lose_replies(proxy)
    with pytest.raises(LightjobsError):
        behind.settle(name, outcomes)
    find_replies(proxy)
    assert behind.settle(name, outcomes) == [Settlement.ACCEPTED] * 3
    assert counts(engine, batch) == {"total": 2, "done": 1, "failed": 1}
    queues = ("then", "catch", "always", "next")
    assert [waits(engine, queue) for queue in queues] == [0, 1, 1, 1]


def test_workers_that_die_in_the_middle_of_a_batch(proxied):
    _, _, engine = proxied
    chance = random.Random(7)
    batch = push_batch(engine, 300, then=step("then"), catch=step("catch"), always=step("always"))
    while True:
        name = worker(engine)
        held = claims(engine, name, limit=20)
        if not held:
            break
        ended = held[: chance.randint(0, 20)]
        engine.settle(name, [done(claim, batch) for claim in ended])
        engine.recover(name)  # it died with the rest
        found = engine.batches.find(batch)
        assert found.total == found.waiting + found.running + found.done + found.failed
        assert found.running == 0
    found = engine.batches.find(batch)
    assert (found.waiting, found.running) == (0, 0)
    assert found.failed == engine.count(Where(status="failed", batch=batch))
    assert waits(engine, "always") == 1
    assert waits(engine, "then") + waits(engine, "catch") == 1
    assert engine.consistency.verify(fix=False) == []

"""Counting what PHP does without telling, on databases small and large."""

from __future__ import annotations

import time

import pytest

from lightjobs.engines.redis import php_reconcile
from tests.support.environment import engine_of

from .support import fail, push


@pytest.fixture
def engine(clean_redis):
    engine = engine_of(clean_redis.environment)
    yield engine
    engine.close()


@pytest.fixture
def php(clean_redis):
    """What PHP does to failed jobs."""
    return Php(clean_redis.client())


class Php:
    def __init__(self, client):
        self._client = client

    def fail(self, job_id, queue="q", at=None):
        fields = {"id": job_id, "status": "failed", "queue": queue, "handler": "x", "payload": "{}"}
        self._client.hset(f"jobs:job:{job_id}", mapping=fields)
        self._client.zadd("jobs:failed", {job_id: time.time() if at is None else at})

    def delete(self, job_id):
        self._client.delete(f"jobs:job:{job_id}")
        self._client.zrem("jobs:failed", job_id)


def failed(engine):
    return {queue: counts["failed"] for queue, counts in engine.stats().items() if counts["failed"]}


def test_failures_that_php_adds_and_takes_away_are_counted_though_they_add_up(engine, php):
    ids = fail(engine, 2500)
    assert failed(engine) == {"q": 2500}
    php.delete(ids[7])
    php.fail("job_new", "other")
    assert failed(engine) == {"q": 2499, "other": 1}


def test_a_failure_by_a_clock_that_is_slow_is_counted(engine, php):
    fail(engine, 300)
    php.fail("job_old", at=time.time() - 60)
    assert failed(engine) == {"q": 301}
    php.fail("job_older", at=1.0)
    assert failed(engine) == {"q": 302}


def test_all_failures_of_php_before_we_came_are_counted(engine, php):
    for n in range(1200):
        php.fail(f"job_{n}", f"q{n % 3}")
    assert failed(engine) == {"q0": 400, "q1": 400, "q2": 400}
    for n in range(600):
        php.delete(f"job_{n}")
    assert failed(engine) == {"q0": 200, "q1": 200, "q2": 200}


def test_a_failed_job_that_cannot_be_read_is_in_nobodys_way(engine, clean_redis):
    clean_redis.client().zadd("jobs:failed", {"job_gone": 5, "job_odd": 6})
    clean_redis.client().set("jobs:job:job_odd", 'O:8:"stdClass":0:{}')
    fail(engine, 2)
    assert failed(engine) == {"q": 2}
    assert failed(engine) == {"q": 2}


def test_what_there_is_no_time_for_is_found_in_the_end(engine, php, clean_redis, monkeypatch):
    ids = fail(engine, 1500)
    client = clean_redis.client()
    client.execute_command("EVAL", "for n = 1, 30000 do redis.call('SET', 'k' .. n, 1) end", 0)
    for id in ids[1000:1010]:
        php.delete(id)
    client.zadd("jobs:queue:php", {"job_php": 1})
    monkeypatch.setattr(php_reconcile, "FAILED_SECONDS", 0)
    monkeypatch.setattr(php_reconcile, "QUEUES_SECONDS", 0)
    seen = [engine.stats() for _ in range(50)]
    assert len({str(counts) for counts in seen}) > 1
    assert seen[-1]["q"]["failed"] == 1490
    assert seen[-1]["php"]["new"] == 1


def test_a_queue_that_only_php_uses_is_found_by_one_look(engine, clean_redis, monkeypatch):
    monkeypatch.setattr(php_reconcile, "QUEUES_SECONDS", 5)
    client = clean_redis.client()
    client.execute_command("EVAL", "for n = 1, 90000 do redis.call('SET', 'k' .. n, 1) end", 0)
    client.zadd("jobs:queue:php", {"job_php": 1})
    push(engine)
    assert set(engine.stats()) == {"q", "php"}

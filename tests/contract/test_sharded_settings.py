"""What the settings for shards may say, and what is made of them."""

from __future__ import annotations

import pytest

from lightjobs.engines.redis.engine import RedisEngine
from lightjobs.errors import SettingsError
from lightjobs.settings.settings import load
from tests.support.environment import engine_of


def test_one_shard_on_one_server_is_the_plain_engine(clean_redis):
    for shards in ({}, {"REDIS_JOB_SHARDS": "1"}, {"REDIS_URLS": clean_redis.url}):
        engine = engine_of({**clean_redis.environment, **shards})
        assert type(engine) is RedisEngine
        engine.close()


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

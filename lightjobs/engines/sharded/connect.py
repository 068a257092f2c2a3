"""The engine across shards from the settings."""

from __future__ import annotations

from functools import partial

from ...settings.login import of_redis, of_sentinels, reading_again
from ...settings.redis_settings import MOST_SHARDS, RedisSettings
from ...settings.settings import Settings
from ..redis.cluster import Node
from ..redis.engine import RedisEngine
from ..redis.pool import pool
from .engine import ShardedEngine
from .places import numbers, prefix_of, suffix_of
from .shards import Shard


def connect(settings: Settings) -> ShardedEngine:
    """The engine over REDIS_JOB_SHARDS shards on each of the servers that `settings` choose."""
    shards = [_shard(settings, server, number) for server, number in numbers(settings.redis)]
    return ShardedEngine(shards, settings.enqueue_timeout)


def _shard(settings: Settings, redis: RedisSettings, number: int) -> Shard:
    place = number // MOST_SHARDS
    again = reading_again(settings, partial(of_redis, server=place))
    sentinel_again = reading_again(settings, partial(of_sentinels, server=place))
    node = Node(partial(pool, redis, sentinel_login_again=sentinel_again), again)
    prefix = prefix_of(redis.prefix, number)
    engine = RedisEngine(
        node, prefix, redis.format, settings.engine, settings.enqueue_timeout, suffix_of(number)
    )
    return Shard(number, engine, node, prefix, redis.address)

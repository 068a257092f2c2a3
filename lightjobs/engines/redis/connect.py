"""The engine for Redis and Valkey from the settings."""

from __future__ import annotations

from functools import partial

from ...settings.login import of_redis, of_sentinels, reading_again
from ...settings.settings import Settings
from ..control import Engine
from .cluster import Node
from .engine import RedisEngine
from .pool import pool


def connect(settings: Settings) -> Engine:
    """The engine on the server that `settings` choose, or the one over all shards if there are
    several. It bears the name in JOB_ENGINE."""
    redis = settings.redis
    if redis.shards > 1 or redis.others:
        from ..sharded.connect import connect as connect_shards  # here: nearly nobody needs it

        return connect_shards(settings)
    sentinel_login_again = reading_again(settings, of_sentinels)
    open_pool = partial(pool, redis, sentinel_login_again=sentinel_login_again)
    return RedisEngine(
        Node(open_pool, reading_again(settings, of_redis)),
        redis.prefix,
        redis.format,
        settings.engine,
        settings.enqueue_timeout,
    )

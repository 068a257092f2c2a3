"""The engine for Redis and Valkey from the settings."""

from __future__ import annotations

from functools import partial

from ...settings.login import of_redis, of_sentinels, reading_again
from ...settings.settings import Settings
from .cluster import Node
from .engine import RedisEngine
from .pool import pool


def connect(settings: Settings) -> RedisEngine:
    """The engine on the server that `settings` choose. It bears the name in JOB_ENGINE."""
    redis = settings.redis
    sentinel_login_again = reading_again(settings, of_sentinels)
    open_pool = partial(pool, redis, sentinel_login_again=sentinel_login_again)
    return RedisEngine(
        Node(open_pool, reading_again(settings, of_redis)),
        redis.prefix,
        redis.format,
        settings.engine,
        settings.enqueue_timeout,
    )

"""The engine for Redis and Valkey from the settings."""

from __future__ import annotations

from functools import partial

from ...settings.login import of_redis, reading_again
from ...settings.settings import Settings
from .cluster import Node
from .engine import RedisEngine
from .pool import pool


def connect(settings: Settings) -> RedisEngine:
    """The engine on the server that `settings` choose. It bears the name in JOB_ENGINE."""
    redis = settings.redis
    return RedisEngine(
        Node(partial(pool, redis), reading_again(settings, of_redis)),
        redis.prefix,
        redis.format,
        settings.engine,
        settings.enqueue_timeout,
    )

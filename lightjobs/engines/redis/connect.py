"""A client from the settings."""

from __future__ import annotations

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 5.0
"""How long a call waits for the server before it counts as away."""


def client(settings: dict[str, Any]) -> redis.Redis:
    """A client with a pool of connections; connects at the first call. It never repeats a command
    by itself: whether that is safe is the engine's business."""
    options: dict[str, Any] = {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    if settings["url"] is not None:
        pool = redis.ConnectionPool.from_url(settings["url"], **options)
        if settings["job_database"] is not None:
            pool.connection_kwargs["db"] = settings["job_database"]
        return redis.Redis(connection_pool=pool)
    return redis.Redis(
        host=settings["host"],
        port=settings["port"],
        username=settings["username"],
        password=settings["password"],
        db=settings["job_database"] or 0,
        ssl=settings["tls"],
        **options,
    )

"""Pools of connections to Redis or Valkey."""

from __future__ import annotations

from functools import cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ...settings.redis_settings import RedisSettings
from ...version import __version__

TIMEOUT_SECONDS = 5.0
"""How long a call waits before the server counts as away."""

Address = tuple[str, int]


def pool(settings: RedisSettings, address: Address | None = None) -> redis.ConnectionPool:
    """A pool for the configured server or, in a cluster, for its node at `address`.

    It connects when it is first used. It never repeats a command, because only the engine knows
    which commands may safely run twice.
    """
    host, port = address or (settings.host, settings.port)
    options: dict[str, Any] = {"host": host, "port": port}
    if host.startswith("/"):
        options = {"connection_class": redis.UnixDomainSocketConnection, "path": host}
    elif settings.tls:
        options |= {"connection_class": redis.SSLConnection, **_tls(settings)}
    return redis.ConnectionPool(
        username=settings.username,
        password=settings.password,
        db=settings.database,
        protocol=settings.protocol,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        **options,
        **_driver_info(),
    )


@cache
def _driver_info() -> dict[str, Any]:
    """The option for how the server's CLIENT LIST names us. Without it redis-py looks up its own
    version for each connection, which takes a millisecond. Older versions have no such option."""
    try:
        from redis.driver_info import DriverInfo
    except ImportError:
        return {}
    named = DriverInfo(lib_version=redis.__version__)
    return {"driver_info": named.add_upstream_driver("lightjobs", __version__)}


def _tls(settings: RedisSettings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "ssl_cert_reqs": "required" if settings.tls_verify else "none",
        "ssl_check_hostname": settings.tls_verify,
    }
    if settings.tls_ca is not None:
        options["ssl_ca_certs"] = settings.tls_ca
    return options

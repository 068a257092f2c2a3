"""Pools of connections to Redis or Valkey."""

from __future__ import annotations

from functools import cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ...settings.login import LoginAgain, no_other
from ...settings.redis_settings import RedisSettings
from ...version import __version__
from .sentinel import Address, Sentinels, to_master

TIMEOUT_SECONDS = 5.0
"""How long a call waits before the server counts as away."""


def pool(
    settings: RedisSettings,
    address: Address | None = None,
    sentinel_login_again: LoginAgain = no_other,
) -> redis.ConnectionPool:
    """A pool for the configured server or, in a cluster, for its node at `address`. Behind
    sentinels each of its connections goes to the server that is the master then.

    It connects when it is first used. It never repeats a command, because only the engine knows
    which commands may safely run twice.
    """
    return redis.ConnectionPool(
        username=settings.username,
        password=settings.password,
        db=settings.database,
        protocol=settings.protocol,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        **_way(settings, address, sentinel_login_again),
        **_driver_info(),
    )


def _way(
    settings: RedisSettings, address: Address | None, sentinel_login_again: LoginAgain
) -> dict[str, Any]:
    """The options for how to get to the server."""
    tls = _tls(settings) if settings.tls else {}
    if settings.sentinels:
        sentinels = Sentinels(settings, sentinel_login_again, tls)
        return {**tls, "connection_class": to_master(settings.tls), "sentinels": sentinels}
    host, port = address or (settings.host, settings.port)
    if host.startswith("/"):
        return {"connection_class": redis.UnixDomainSocketConnection, "path": host}
    return {"host": host, "port": port, **tls}


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
        "connection_class": redis.SSLConnection,
        "ssl_cert_reqs": "required" if settings.tls_verify else "none",
        "ssl_check_hostname": settings.tls_verify,
    }
    if settings.tls_ca is not None:
        options["ssl_ca_certs"] = settings.tls_ca
    return options

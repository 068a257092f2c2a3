"""Pools of connections from the settings."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ...errors import SettingsError
from ...version import __version__

TIMEOUT_SECONDS = 5.0
"""How long a call waits for the server before it counts as away."""

Address = tuple[str, int]


def pool(settings: dict[str, Any], address: Address | None = None) -> redis.ConnectionPool:
    """A pool for the server of the settings or, in a cluster, for its node at `address`. Connects
    when it is first used, and never repeats a command: whether that is safe is the engine's
    business. Raises SettingsError for what cannot be an address."""
    try:
        made = _configured(settings)
    except ValueError:  # its text would show the password
        raise SettingsError(
            "REDIS_URL cannot be read; allowed: redis://, rediss:// or unix:// and an address"
        ) from None
    if address is not None:
        made.connection_kwargs["host"], made.connection_kwargs["port"] = address
    return made


def _configured(settings: dict[str, Any]) -> redis.ConnectionPool:
    options: dict[str, Any] = {
        "protocol": settings["protocol"],
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        **_introduction(),
    }
    url = settings["url"]
    if url is not None:
        if urlsplit(url).scheme == "rediss":
            options |= _tls(settings)
        made = redis.ConnectionPool.from_url(url, **options)
        if settings["job_database"] is not None:
            made.connection_kwargs["db"] = settings["job_database"]
        return made
    if settings["tls"]:
        options |= {"connection_class": redis.SSLConnection, **_tls(settings)}
    return redis.ConnectionPool(
        host=settings["host"],
        port=settings["port"],
        username=settings["username"],
        password=settings["password"],
        db=settings["job_database"] or 0,
        **options,
    )


@cache
def _introduction() -> dict[str, Any]:
    """What the server's CLIENT LIST calls us. Left to itself redis-py looks up its own version for
    each connection, a millisecond; versions that did not know no such option."""
    try:
        from redis.driver_info import DriverInfo
    except ImportError:
        return {}
    named = DriverInfo(lib_version=redis.__version__)
    return {"driver_info": named.add_upstream_driver("lightjobs", __version__)}


def _tls(settings: dict[str, Any]) -> dict[str, Any]:
    verify = settings["tls_verify"]
    options: dict[str, Any] = {
        "ssl_cert_reqs": "required" if verify else "none",
        "ssl_check_hostname": verify,
    }
    if settings["tls_ca"] is not None:
        options["ssl_ca_certs"] = settings["tls_ca"]
    return options

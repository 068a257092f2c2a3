"""Pools of connections from the settings."""

from __future__ import annotations

from functools import cache
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ...version import __version__

TIMEOUT_SECONDS = 5.0
"""How long a call waits for the server before it counts as away."""

Address = tuple[str, int]


def pool(settings: dict[str, Any], address: Address | None = None) -> redis.ConnectionPool:
    """A pool for the server of the settings or, in a cluster, for its node at `address`. Connects
    when it is first used, and never repeats a command: whether that is safe is the engine's
    business."""
    host, port = address or (settings["host"], settings["port"])
    options: dict[str, Any] = {"host": host, "port": port}
    if host.startswith("/"):
        options = {"connection_class": redis.UnixDomainSocketConnection, "path": host}
    elif settings["tls"]:
        options |= {"connection_class": redis.SSLConnection, **_tls(settings)}
    return redis.ConnectionPool(
        username=settings["username"],
        password=settings["password"],
        db=settings["job_database"],
        protocol=settings["protocol"],
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        **options,
        **_introduction(),
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
